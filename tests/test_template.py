"""The packaged API: limits by default, gateway errors in the contract's shape, logs that forget."""

import json
import re

import packaged
import pytest

from birdapp.chalicelib.errors import RETRY_AFTER_SECONDS, STATUSES
from infra.config import DeployError, load
from infra.stacks import gateway

STAGES = ["dev", "prod"]
# Fn::Sub's own variables, whose values stand beside it.
SUB_VARIABLES = {"RestAPIId", "__ApiId__", "__Stage__"}
RESPONSES = "x-amazon-apigateway-gateway-responses"


@pytest.fixture(params=STAGES)
def stage(request):
    """Each stage."""
    return request.param


def gateway_responses(stage="dev"):
    """The gateway's own answers."""
    return packaged.only(packaged.api(stage), "AWS::ApiGateway::RestApi")["Body"][RESPONSES]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", 404, "not_found"),
        ("ACCESS_DENIED", 404, "not_found"),
        ("REQUEST_TOO_LARGE", 413, "payload_too_large"),
        ("UNSUPPORTED_MEDIA_TYPE", 415, "unsupported_media_type"),
        ("THROTTLED", 429, "rate_limited"),
        ("DEFAULT_4XX", 400, "bad_request_body"),
        ("INTEGRATION_FAILURE", 503, "upstream_unavailable"),
        ("INTEGRATION_TIMEOUT", 504, "upstream_timeout"),
        ("DEFAULT_5XX", 503, "upstream_unavailable"),
    ],
)
def test_the_gateways_own_answer_has_the_contracts_status_and_code(kind, status, code):
    answer = gateway_responses()[kind]
    error = json.loads(answer["responseTemplates"]["application/json"])["error"]
    assert (answer["statusCode"], error["code"]) == (str(status), code)
    assert set(error) == {"code", "message", "request_id"}


def test_every_answer_of_the_gateway_carries_cors(stage):
    for answer in gateway_responses(stage).values():
        assert (
            answer["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"]
            == "'*'"
        )


def test_answers_say_when_to_try_again_where_that_makes_sense():
    for kind, answer in gateway_responses().items():
        after = answer["responseParameters"].get("gatewayresponse.header.Retry-After")
        wanted = RETRY_AFTER_SECONDS.get(gateway.CODES[kind])
        assert after == (f"'{wanted}'" if wanted else None)
        assert answer["statusCode"] == str(STATUSES[gateway.CODES[kind]])


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ("*", "'*'"),
        ("https://birds.example", "'https://birds.example'"),
        ("https://a.example, https://b.example", "method.request.header.Origin"),
    ],
)
def test_the_gateway_allows_the_origins_that_the_lambda_allows(origins, allowed):
    headers = gateway.gateway_responses(origins)["THROTTLED"]["responseParameters"]
    assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == allowed
    assert ("gatewayresponse.header.Vary" in headers) == (origins != "*")


def test_there_is_one_stage_and_it_is_throttled(stage):
    made = packaged.only(packaged.api(stage), "AWS::ApiGateway::Stage")
    (limits,) = made["MethodSettings"]
    chosen = load(stage)
    assert made["StageName"] == stage
    assert (limits["ResourcePath"], limits["HttpMethod"]) == ("/*", "*")
    assert limits["ThrottlingRateLimit"] == chosen.throttle_requests_per_second > 0
    assert limits["ThrottlingBurstLimit"] == chosen.throttle_burst > 0


def test_both_functions_are_capped(stage):
    for template in (packaged.api(stage), packaged.spectrogram(stage)):
        function = packaged.only(template, "AWS::Lambda::Function")
        assert 0 < function["ReservedConcurrentExecutions"] == load(stage).reserved_concurrency


def test_an_account_that_is_too_small_gets_no_cap():
    for template in (
        packaged.api(reserved_concurrency=0),
        packaged.spectrogram(reserved_concurrency=0),
    ):
        assert "ReservedConcurrentExecutions" not in packaged.only(
            template, "AWS::Lambda::Function"
        )


def test_a_request_that_is_turned_away_leaves_no_line_of_log_to_pay(stage):
    """Nor is a role for such logs set, of which API Gateway takes one in 20 s an account."""
    assert "AccessLogSetting" not in packaged.only(packaged.api(stage), "AWS::ApiGateway::Stage")
    assert not packaged.of_type(packaged.api(stage), "AWS::ApiGateway::Account")
    groups = packaged.of_type(packaged.api(stage), "AWS::Logs::LogGroup").values()
    assert [group["LogGroupName"] for group in groups] == [f"/aws/lambda/birdapp-{stage}"]


def test_logs_are_there_before_the_function_and_forget(stage):
    for template in (packaged.api(stage), packaged.spectrogram(stage)):
        logs = packaged.of_type(template, "AWS::Logs::LogGroup").values()
        assert {group["RetentionInDays"] for group in logs} == {load(stage).log_retention_days}
        (function,) = [
            made
            for made in template["Resources"].values()
            if made["Type"] == "AWS::Lambda::Function"
        ]
        name = function["Properties"]["FunctionName"]
        assert f"/aws/lambda/{name}" in {group["LogGroupName"] for group in logs}
        assert "FunctionLogs" in function["DependsOn"]


def test_functions_have_the_measured_memory_and_the_lambda_python(stage):
    main = packaged.only(packaged.api(stage), "AWS::Lambda::Function")
    spectrogram = packaged.only(packaged.spectrogram(stage), "AWS::Lambda::Function")
    assert (main["MemorySize"], spectrogram["MemorySize"]) == (512, 2048)
    assert {main["Runtime"], spectrogram["Runtime"]} == {"python3.12"}
    assert packaged.only(packaged.api(stage), "AWS::Lambda::LayerVersion")[
        "CompatibleRuntimes"
    ] == ["python3.12"]


def test_the_main_lambda_calls_what_is_deployed(stage):
    variables = packaged.only(packaged.api(stage), "AWS::Lambda::Function")["Environment"][
        "Variables"
    ]
    spectrogram = packaged.only(packaged.spectrogram(stage), "AWS::Lambda::Function")
    assert variables["SPECTROGRAM_FUNCTION"] == spectrogram["FunctionName"]
    assert variables["ENDPOINT_NAME"] == load(stage).endpoint


def test_the_main_lambda_calls_the_models_alias_in_the_endpoints_place(stage):
    main = packaged.only(packaged.api_of_lambda(stage), "AWS::Lambda::Function")
    variables = main["Environment"]["Variables"]
    alias = packaged.only(packaged.classifier(stage), "AWS::Lambda::Alias")
    function = packaged.only(packaged.classifier(stage), "AWS::Lambda::Function")
    assert variables["CLASSIFIER_FUNCTION"] == f"{function['FunctionName']}:{alias['Name']}"
    assert "ENDPOINT_NAME" not in variables


def test_every_version_of_the_model_exists_and_the_alias_calls_the_live_one():
    stack = packaged.classifier()
    assert len(packaged.of_type(stack, "AWS::Lambda::Version")) == 3
    alias = packaged.only(stack, "AWS::Lambda::Alias")
    live = stack["Outputs"]["Live"]["Value"].split()[-1]
    assert alias["FunctionVersion"] == {"Fn::GetAtt": [f"Version{live}", "Version"]}
    assert packaged.only(stack, "AWS::Lambda::Function")["Code"]["S3Key"] == "code/trial.zip"


def test_no_setting_is_reserved_by_lambda(stage):
    variables = packaged.only(packaged.api(stage), "AWS::Lambda::Function")["Environment"][
        "Variables"
    ]
    assert not [name for name in variables if name.startswith(("AWS_", "LAMBDA_", "_"))]


def test_the_layer_is_deleted_with_the_stack(stage):
    (layer,) = [
        made
        for made in packaged.api(stage)["Resources"].values()
        if made["Type"] == "AWS::Lambda::LayerVersion"
    ]
    assert layer["DeletionPolicy"] == "Delete"


def test_every_reference_in_the_template_is_to_something_in_it(stage):
    for template in (
        packaged.api(stage),
        packaged.spectrogram(stage),
        packaged.foundation(stage, alarm_email="birds@example.org"),
        packaged.monitoring(stage, alarm_email="birds@example.org"),
        packaged.site("website"),
        packaged.site("cloudfront"),
    ):
        text = json.dumps(template)
        named = set(
            re.findall(r'"Ref": "([A-Za-z0-9]+)"', text)
            + re.findall(r'"Fn::GetAtt": \["(\w+)"', text)
        )
        named |= {name.split(".")[0] for name in re.findall(r"\$\{(\w[\w.]*)\}", text)} - {
            "RestAPIId",
            "__ApiId__",
            "__Stage__",
        }
        assert {name for name in named if name != "AWS"} <= set(template["Resources"])


def test_a_template_fits_into_a_call_of_cloudformation(stage):
    whole = packaged.monitoring(stage, alarm_email="birds@example.org")
    unexpanded = packaged.unexpanded(stage)
    for template in (unexpanded, packaged.spectrogram(stage), packaged.foundation(stage), whole):
        assert len(json.dumps(template)) < 51_200


def test_tracing_and_warm_lambdas_are_off_by_default(stage):
    for template in (packaged.api(stage), packaged.spectrogram(stage)):
        text = json.dumps(template)
        assert "ProvisionedConcurrency" not in text
        assert "xray:" not in text
        assert '"Active"' not in text


def test_tracing_is_a_setting():
    for template in (packaged.api(xray=True), packaged.spectrogram(xray=True)):
        assert "xray:PutTraceSegments" in json.dumps(packaged.only(template, "AWS::IAM::Policy"))
    assert (
        packaged.only(packaged.api(xray=True), "AWS::ApiGateway::Stage")["TracingEnabled"] is True
    )
    assert (
        packaged.only(packaged.spectrogram(xray=True), "AWS::Lambda::Function")["TracingConfig"][
            "Mode"
        ]
        == "Active"
    )


def test_warm_main_lambdas_stand_behind_an_alias_that_the_gateway_calls():
    template = packaged.api(provisioned_concurrency=2)
    (name,) = packaged.of_type(template, "AWS::Lambda::Alias")
    alias = packaged.only(template, "AWS::Lambda::Alias")
    assert alias["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 2}
    text = json.dumps(packaged.only(template, "AWS::ApiGateway::RestApi"))
    assert f"${{{name}}}/invocations" in text
    assert "${APIHandler.Arn}" not in text
    assert {"Ref": name} in [
        made["FunctionName"]
        for made in packaged.of_type(template, "AWS::Lambda::Permission").values()
    ]


def test_warm_spectrogram_lambdas_stand_behind_an_alias_that_the_main_lambda_calls():
    alias = packaged.only(
        packaged.spectrogram(spectrogram_provisioned_concurrency=1), "AWS::Lambda::Alias"
    )
    api = packaged.api(spectrogram_provisioned_concurrency=1)
    variables = packaged.only(api, "AWS::Lambda::Function")["Environment"]["Variables"]
    assert (alias["Name"], variables["SPECTROGRAM_FUNCTION"]) == ("live", "bird-spectrogram:live")
    assert ":function:bird-spectrogram:live" in json.dumps(packaged.only(api, "AWS::IAM::Role"))


def test_warm_lambdas_follow_a_changed_memory_size():
    """A version never changes: warm copies of the old one would stay."""

    def versions(make, **changed):
        return set(packaged.of_type(make(**changed), "AWS::Lambda::Version"))

    warm = {"spectrogram_provisioned_concurrency": 1}
    one, other = (
        versions(packaged.spectrogram, **warm),
        versions(packaged.spectrogram, **warm, spectrogram_memory_size=3_008),
    )
    assert one != other
    assert len(versions(packaged.api, provisioned_concurrency=1)) == 1
    made = packaged.unexpanded(provisioned_concurrency=1)["Resources"]["APIHandler"]
    assert made["Properties"]["AutoPublishAliasAllProperties"] is True


def test_more_warm_lambdas_than_the_cap_are_refused():
    with pytest.raises(DeployError, match="keeps 11 Lambdas warm but allows only 10"):
        load("dev", provisioned_concurrency=11)


def test_an_unknown_stage_is_refused():
    with pytest.raises(DeployError, match="no stage 'test', only dev, prod"):
        load("test")
