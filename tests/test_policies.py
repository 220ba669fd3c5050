"""Permissions, written by hand: nothing more may be in a policy or template."""

import json
from fnmatch import fnmatch
from functools import partial

import count_deploy
import packaged
import pytest

from infra.config import BIRDAPP

ACCOUNT = "arn:${AWS::Partition}:{service}:${AWS::Region}:${AWS::AccountId}:"
WITHOUT_RESOURCES = "the action knows no resources in AWS's service authorization reference"
# (action, resource) that may end in or be "*" -> why AWS has no other way.
STARS = {
    ("ecr:GetAuthorizationToken", "*"): WITHOUT_RESOURCES,
    ("cloudwatch:PutMetricData", "*"): WITHOUT_RESOURCES,
    ("xray:PutTraceSegments", "*"): WITHOUT_RESOURCES,
    ("xray:PutTelemetryRecords", "*"): WITHOUT_RESOURCES,
}
# Parts of an ARN whose names are given by AWS or by what is stored, and so end in "*".
NAMED_BY_OTHERS = (":log-stream:*", "/training/*", "/models/*")


def logs_of(name):
    """The log streams of one log group."""
    return arn("logs", f"log-group:{name}:log-stream:*")


def arn(service, rest):
    """An ARN in the stack's own account and region."""
    return ACCOUNT.replace("{service}", service) + rest


MAIN = {
    "dev": {
        ("lambda:InvokeFunction", arn("lambda", "function:bird-spectrogram")),
        ("sagemaker:InvokeEndpoint", arn("sagemaker", "endpoint/bird-classifier")),
        ("logs:CreateLogStream", logs_of("/aws/lambda/birdapp-dev")),
        ("logs:PutLogEvents", logs_of("/aws/lambda/birdapp-dev")),
    },
    "prod": {
        ("lambda:InvokeFunction", arn("lambda", "function:bird-spectrogram-prod")),
        ("sagemaker:InvokeEndpoint", arn("sagemaker", "endpoint/bird-classifier-prod")),
        ("logs:CreateLogStream", logs_of("/aws/lambda/birdapp-prod")),
        ("logs:PutLogEvents", logs_of("/aws/lambda/birdapp-prod")),
    },
}
SPECTROGRAM, CLASSIFIER = (
    {
        stage: {("logs:CreateLogStream", logs_of(log)), ("logs:PutLogEvents", logs_of(log))}
        for stage, log in {"dev": f"/aws/lambda/{name}", "prod": f"/aws/lambda/{name}-prod"}.items()
    }
    for name in ("bird-spectrogram", "bird-classifier")
)
BUCKET = "arn:${AWS::Partition}:s3:::" + packaged.BUCKET
JOBS = ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs")
IMAGES = "arn:${AWS::Partition}:ecr:${AWS::Region}:763104351884:repository/"
TRAINING_IMAGE = f"{IMAGES}tensorflow-training"
ENDPOINT_LOGS = (
    "/aws/sagemaker/Endpoints/bird-classifier",
    "/aws/sagemaker/Endpoints/bird-classifier-candidate",
)
ENDPOINT = {
    ("s3:GetObject", f"{BUCKET}/models/*"),
    *(("logs:CreateLogGroup", arn("logs", f"log-group:{name}")) for name in ENDPOINT_LOGS),
    *(("logs:CreateLogStream", arn("logs", f"log-group:{name}")) for name in ENDPOINT_LOGS),
    *(("logs:DescribeLogStreams", arn("logs", f"log-group:{name}")) for name in ENDPOINT_LOGS),
    *(("logs:PutLogEvents", arn("logs", f"log-group:{name}")) for name in ENDPOINT_LOGS),
    *(("logs:CreateLogGroup", logs_of(name)) for name in ENDPOINT_LOGS),
    *(("logs:CreateLogStream", logs_of(name)) for name in ENDPOINT_LOGS),
    *(("logs:DescribeLogStreams", logs_of(name)) for name in ENDPOINT_LOGS),
    *(("logs:PutLogEvents", logs_of(name)) for name in ENDPOINT_LOGS),
    ("cloudwatch:DescribeAlarms", arn("cloudwatch", "alarm:bird-classifier-model-errors")),
    ("cloudwatch:DescribeAlarms", arn("cloudwatch", "alarm:bird-classifier-model-latency")),
    ("ecr:BatchCheckLayerAvailability", f"{IMAGES}tensorflow-inference"),
    ("ecr:BatchGetImage", f"{IMAGES}tensorflow-inference"),
    ("ecr:GetDownloadUrlForLayer", f"{IMAGES}tensorflow-inference"),
    ("ecr:GetAuthorizationToken", "*"),
    ("cloudwatch:PutMetricData", "*"),
}
TRAINING = {
    ("s3:GetObject", f"{BUCKET}/training/*"),
    ("s3:PutObject", f"{BUCKET}/training/*"),
    ("s3:ListBucket", BUCKET),
    *(("logs:CreateLogGroup", arn("logs", f"log-group:{name}")) for name in JOBS),
    *(("logs:CreateLogGroup", logs_of(name)) for name in JOBS),
    *(("logs:CreateLogStream", logs_of(name)) for name in JOBS),
    *(("logs:DescribeLogStreams", logs_of(name)) for name in JOBS),
    *(("logs:PutLogEvents", logs_of(name)) for name in JOBS),
    ("ecr:BatchCheckLayerAvailability", TRAINING_IMAGE),
    ("ecr:BatchGetImage", TRAINING_IMAGE),
    ("ecr:GetDownloadUrlForLayer", TRAINING_IMAGE),
    ("ecr:GetAuthorizationToken", "*"),
    ("cloudwatch:PutMetricData", "*"),
}


def documents(template):
    """Every policy document of a template, whatever it hangs on."""
    roles = packaged.of_type(template, "AWS::IAM::Role").values()
    inline = [policy["PolicyDocument"] for role in roles for policy in role.get("Policies", [])]
    apart = packaged.of_type(template, "AWS::IAM::Policy") | packaged.of_type(
        template, "AWS::IAM::ManagedPolicy"
    )
    return [*inline, *(policy["PolicyDocument"] for policy in apart.values())]


def allowed(*policies):
    """Every (action, resource) that policies allow."""
    found = set()
    for statement in (statement for document in policies for statement in document["Statement"]):
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource", "Principal"} & set(statement)
        found |= {
            (action, said(it))
            for action in several(statement["Action"])
            for it in several(statement["Resource"])
        }
    return found


def several(value):
    """IAM takes one or a list."""
    return value if isinstance(value, list) else [value]


def said(resource):
    """An ARN's text, whether CloudFormation still fills something in or not."""
    return resource["Fn::Sub"] if isinstance(resource, dict) else resource


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_each_role_may_do_what_is_listed_and_no_more(stage):
    assert allowed(*documents(packaged.api(stage))) == MAIN[stage]
    assert allowed(*documents(packaged.spectrogram(stage))) == SPECTROGRAM[stage]
    assert allowed(*documents(packaged.classifier(stage))) == CLASSIFIER[stage]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_main_lambda_may_ask_the_models_alias_in_the_endpoints_place(stage):
    name = {"dev": "bird-classifier", "prod": "bird-classifier-prod"}[stage]
    endpoint = ("sagemaker:InvokeEndpoint", arn("sagemaker", f"endpoint/{name}"))
    alias = ("lambda:InvokeFunction", arn("lambda", f"function:{name}:live"))
    wanted = MAIN[stage] - {endpoint} | {alias}
    assert allowed(*documents(packaged.api_of_lambda(stage))) == wanted


def document_of(role):
    """The one policy document of a role of the foundation."""
    roles = packaged.of_type(packaged.foundation(), "AWS::IAM::Role")
    (policy,) = roles[role]["Policies"]
    return policy["PolicyDocument"]


def test_the_endpoint_may_read_models_and_write_its_own_logs():
    assert allowed(document_of("EndpointRole")) == ENDPOINT


def test_training_may_use_its_own_folder_of_the_bucket():
    assert allowed(document_of("TrainingRole")) == TRAINING
    statements = {it["Sid"]: it for it in document_of("TrainingRole")["Statement"]}
    assert statements["ListOwnFolder"]["Condition"] == {"StringLike": {"s3:prefix": "training/*"}}
    metrics = statements["SendMetricsWhichHaveNoResources"]["Condition"]
    assert metrics == {"StringEquals": {"cloudwatch:namespace": list(JOBS)}}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_chalice_is_told_the_same_policy_and_generates_none(stage):
    config = json.loads((BIRDAPP / ".chalice" / "config.json").read_text())["stages"][stage]
    policy = json.loads((BIRDAPP / ".chalice" / config["iam_policy_file"]).read_text())
    assert allowed(policy) == MAIN[stage]
    assert config["autogen_policy"] is False


def test_a_star_stands_only_where_aws_has_no_other_way():
    templates = [
        packaged.api(xray=True),
        packaged.spectrogram(xray=True),
        packaged.classifier(xray=True),
        packaged.foundation(),
    ]
    pairs = allowed(*(document for template in templates for document in documents(template)))
    stars = {(action, resource) for action, resource in pairs if "*" in action + resource}
    unexplained = {
        pair
        for pair in stars - set(STARS)
        if not pair[1].endswith(NAMED_BY_OTHERS) or "*" in pair[0]
    }
    assert unexplained == set()


@pytest.mark.parametrize("template", ["api", "spectrogram", "classifier", "foundation"])
def test_no_role_has_a_ready_made_policy(template):
    for role in packaged.of_type(getattr(packaged, template)(), "AWS::IAM::Role").values():
        assert not role.get("ManagedPolicyArns")


@pytest.mark.parametrize(
    ("template", "service"),
    [
        ("api", "lambda.amazonaws.com"),
        ("spectrogram", "lambda.amazonaws.com"),
        ("classifier", "lambda.amazonaws.com"),
        ("foundation", "sagemaker.amazonaws.com"),
    ],
)
def test_a_role_is_taken_by_one_service(template, service):
    roles = packaged.of_type(getattr(packaged, template)(), "AWS::IAM::Role").values()
    assert roles
    for role in roles:
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        allowed = statement["Principal"], statement["Action"]
        assert allowed == ({"Service": service}, "sts:AssumeRole")


def test_only_this_api_may_call_the_main_lambda():
    for permission in packaged.of_type(packaged.api(), "AWS::Lambda::Permission").values():
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["SourceArn"]
    assert not packaged.of_type(packaged.spectrogram(), "AWS::Lambda::Permission")


def test_every_private_bucket_refuses_what_comes_without_tls():
    for stack in (packaged.foundation(), packaged.site("cloudfront")):
        policy = packaged.only(stack, "AWS::S3::BucketPolicy")["PolicyDocument"]
        (denied,) = [it for it in policy["Statement"] if it["Effect"] == "Deny"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert (denied["Principal"], denied["Action"]) == ("*", "s3:*")
        assert [said(it) for it in denied["Resource"]] == ["${Bucket.Arn}", "${Bucket.Arn}/*"]


# boto3's operation -> IAM's action, where the names differ (AWS's service authorization reference).
ACTIONS = {
    "apigateway.update_stage": "apigateway:PATCH",
    "s3.head_object": "s3:GetObject",
    "s3.list_objects_v2": "s3:ListBucket",
    "s3.delete_objects": "s3:DeleteObject",
}
# Kinds of resources whose service has another name in IAM.
SERVICES = {"serverless": "lambda"}


def deployer_allows():
    """The patterns of the actions that the manual's policy for a deployer allows."""
    policy = json.loads((BIRDAPP.parent / "docs" / "deployer-policy.json").read_text())
    return [it for statement in policy["Statement"] for it in several(statement["Action"])]


def test_the_deployers_policy_allows_every_operation_that_infra_calls():
    asked = count_deploy.known_operations(count_deploy.wing())
    wanted = set()
    for operation in asked:
        service, name = operation.split(".")
        action = f"{service.removesuffix('-runtime')}:{name.title().replace('_', '')}"
        wanted.add(ACTIONS.get(operation, action))
    assert len(wanted) > 30
    assert [
        it for it in sorted(wanted) if not any(map(partial(fnmatch, it), deployer_allows()))
    ] == []


def test_the_deployers_policy_knows_the_service_of_every_resource():
    kinds = {made["Type"].split("::")[1].lower() for made in packaged.everything(alarm_email="a@b")}
    services = {pattern.split(":")[0] for pattern in deployer_allows()}
    assert {SERVICES.get(kind, kind) for kind in kinds} <= services
