"""What AWS refuses in a new account, played in its own words, and what a deployer is told."""

import json
import re
from types import SimpleNamespace

import packaged
import pytest
from botocore.exceptions import ClientError
from stubbed_account import ACCOUNT, PlayedStacks, account, in_turn, stubbed

import deploy
from infra import cloudformation, config, session, stage, status
from infra.errors import DeployError
from infra.packages import plain_chalice
from infra.site import publish
from infra.stacks import foundation

TEMPLATE = {"Resources": {}}
BUSY = (
    "Bucket: A conflicting conditional operation is currently in progress against this resource. "
    "Please try again. (Service: S3, Status Code: 409)"
)
NOT_PUBLIC = (
    'ReadPolicy: Resource handler returned message: "Access Denied (Service: S3, Status Code: 403)"'
)
UNVERIFIED = (
    "Distribution: Access denied for operation 'AWS::CloudFront::Distribution: Your account must "
    "be verified before you can add new CloudFront resources.'"
)


pytestmark = pytest.mark.usefixtures("slept")


@pytest.mark.parametrize("reason", [BUSY, NOT_PUBLIC])
def test_what_s3_refuses_for_a_moment_is_tried_again_for_a_minute(reason, slept):
    """A name that was just deleted; a policy right after its bucket was opened."""
    played = PlayedStacks(in_turn(reason, reason))
    made = cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert (made.outcome, len(played.asked)) == ("created", 3)
    played = PlayedStacks(lambda _: reason)
    with pytest.raises(DeployError):
        cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert sum(seconds for seconds in slept[2:] if seconds) == 60


def test_a_name_that_s3_still_holds_is_not_called_another_accounts():
    played = PlayedStacks(lambda _: BUSY)
    with pytest.raises(DeployError, match="S3 is busy with a bucket of that name") as told:
        cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert "another AWS account" not in str(told.value)


def test_another_refusal_is_not_tried_again():
    played = PlayedStacks(lambda _: "Role: not authorized to perform iam:CreateRole")
    with pytest.raises(DeployError, match="iam:CreateRole"):
        cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert len(played.asked) == 1


def refuse_public(template):
    return None if "Distribution" in template["Resources"] else NOT_PUBLIC


def site(refuse, mode=""):
    """Publish dev's site where CloudFormation refuses so; the template that came about."""
    played = PlayedStacks(refuse)
    of_both = account(cloudformation=played.client, s3=stubbed("s3")[0])
    publish.publish(of_both, config.load("dev"), "https://a", mode)
    return played.asked[-1]["Resources"]


@pytest.fixture
def no_files(monkeypatch):
    monkeypatch.setattr(publish, "synchronise", lambda *_: [])
    monkeypatch.setattr(publish, "listen_files", dict)


def test_a_public_bucket_that_is_refused_goes_behind_cloudfront(no_files):
    assert "Distribution" in site(refuse_public)
    assert "Distribution" not in site(lambda _: None)


@pytest.mark.parametrize(
    ("refuse", "mode", "told"),
    [
        (refuse_public, "website", "account or organisation block public buckets: publish with"),
        (lambda _: UNVERIFIED, "cloudfront", "open a case in AWS Support with this sentence"),
    ],
)
def test_a_site_that_aws_refuses_has_a_sentence_of_its_own(no_files, refuse, mode, told):
    with pytest.raises(DeployError, match=told):
        site(refuse, mode)


# Names that an account has once, whatever the Region, or that all accounts share.
OF_THE_ACCOUNT = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::Budgets::Budget": "BudgetName",
    "AWS::CloudFront::OriginAccessControl": "Name",
    "AWS::CloudFront::ResponseHeadersPolicy": "Name",
}


def names_in_the_account(region):
    """(type, name) of all that could be taken over from, or by, another Region."""
    found = set()
    for made in packaged.everything(region=region, alarm_email="birds@example.org"):
        if (key := OF_THE_ACCOUNT.get(made["Type"])) is not None:
            name = re.search(rf'"{key}": "([^"]+)"', json.dumps(made["Properties"]))
            found |= {(made["Type"], name[1])} if name else set()
    return found


def test_two_regions_of_an_account_share_no_name():
    one, other = names_in_the_account("eu-west-1"), names_in_the_account("us-east-1")
    assert len(one) == len(other) == 7
    assert not one & other


@pytest.mark.parametrize(("unreserved", "asked"), [(1_000, 10), (10, None)])
def test_plain_chalice_asks_for_no_concurrency_that_the_account_has_not(
    monkeypatch, tmp_path, unreserved, asked
):
    """A new account has 10 in all, and AWS lets nobody reserve the last 100."""
    functions, stub = stubbed("lambda")
    limits = {"UnreservedConcurrentExecutions": unreserved}
    stub.add_response("get_account_settings", {"AccountLimit": limits})
    for _ in range(2):
        stub.add_client_error("get_function_concurrency", "ResourceNotFoundException")
    monkeypatch.setattr(plain_chalice, "ensure_layer", lambda *_: "arn")
    monkeypatch.setattr(plain_chalice.bundles, "build_layer", lambda _: None)
    chosen = config.load("dev")
    plain_chalice.write_project(account(functions=functions), chosen, tmp_path / "project")
    written = json.loads((tmp_path / "project" / ".chalice" / "config.json").read_text())
    assert written["stages"]["dev"].get("reserved_concurrency") == asked


def played_gateway():
    """An account whose API is deployed, and what API Gateway is told."""
    gateway, stub = stubbed("apigateway")
    cloudformation, stacks = stubbed("cloudformation")
    api = {"OutputKey": "RestAPIId", "OutputValue": "abc"}
    stack = {"StackName": "s", "CreationTime": 0, "StackStatus": "CREATE_COMPLETE"}
    stacks.add_response("describe_stacks", {"Stacks": [stack | {"Outputs": [api]}]})
    return account(gateway=gateway, cloudformation=cloudformation), stub


def played_throttle(monkeypatch, rate, burst):
    """An account that is told these limits, or nothing; what it was not told."""
    made, stub = played_gateway()
    patches = [
        {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value}
        for name, value in (("rateLimit", rate), ("burstLimit", burst))
    ]
    told = {"restApiId": "abc", "stageName": "dev", "patchOperations": patches}
    stub.add_response("update_stage", {}, told)
    monkeypatch.setattr(session, "connect", lambda *_: made)
    monkeypatch.setattr(status, "lines", lambda *_: [])
    return stub


@pytest.mark.parametrize(("action", "rate", "burst"), [("close", "0", "0"), ("open", "5", "10")])
def test_one_command_closes_the_api_at_once_and_one_opens_it(monkeypatch, action, rate, burst):
    stub = played_throttle(monkeypatch, rate, burst)
    assert deploy.main([action]) == 0
    stub.assert_no_pending_responses()


def test_a_load_test_lifts_the_limit_only_where_there_is_a_budget(monkeypatch, tmp_path, capsys):
    stub = played_throttle(monkeypatch, "25", "50")
    assert deploy.main(["open", "--per-second", "25"]) == 1
    assert "there is no budget that would tell what they cost" in capsys.readouterr().err
    mail = {"alarm_email": "birds@example.org"}
    write_config(monkeypatch, tmp_path, lambda it: it["deployment"].update(mail))
    assert deploy.main(["open", "--per-second", "25"]) == 0
    stub.assert_no_pending_responses()


def test_prod_without_anybody_to_write_to_is_refused(capsys):
    assert deploy.main(["deploy", "--stage", "prod"]) == 1
    assert "set alarm_email in birdapp/.chalice/config.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "terminal", "said", "deleted"),
    [
        (["--yes"], False, "", True),
        ([], False, "", False),
        ([], True, "yes", True),
        ([], True, "no", False),
    ],
)
def test_models_and_data_are_deleted_only_where_somebody_says_so(
    monkeypatch, capsys, arguments, terminal, said, deleted
):
    parts = []
    played = PlayedStacks(lambda _: None)
    cloudformation.ensure_stack(
        account(cloudformation=played.client), "birdapp-dev-foundation", TEMPLATE
    )
    monkeypatch.setattr(session, "connect", lambda *_: account(cloudformation=played.client))
    monkeypatch.setattr(status, "lines", lambda *_: [])
    monkeypatch.setattr(stage, "down_but_data", lambda *_: [])
    monkeypatch.setattr(foundation, "delete", lambda *_: parts.append("data"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: terminal))
    monkeypatch.setattr("builtins.input", lambda _: said)
    assert deploy.main(["destroy", *arguments]) == 0
    assert bool(parts) == deleted
    assert ("kept" in capsys.readouterr().out) != deleted


def test_where_nothing_is_left_nobody_is_asked(monkeypatch, capsys):
    played = PlayedStacks(lambda _: None)
    monkeypatch.setattr(session, "connect", lambda *_: account(cloudformation=played.client))
    monkeypatch.setattr(stage, "down_but_data", lambda *_: [])
    monkeypatch.setattr(status, "lines", lambda *_: [])
    assert deploy.main(["destroy"]) == 0
    assert capsys.readouterr().out == "absent    stack birdapp-dev-foundation\n"


def test_destroy_ends_what_costs_by_the_hour_first(monkeypatch):
    order = []
    monkeypatch.setattr(stage.hosting, "destroy", lambda *_: order.append("endpoint") or [])
    monkeypatch.setattr(stage, "delete_stack", lambda _, name, **__: order.append(name))
    monkeypatch.setattr(stage.publish, "destroy", lambda *_: order.append("site"))
    list(stage.down_but_data(account(), config.load("dev")))
    assert (order[0], order[-1]) == ("endpoint", "site")


def test_logs_of_jobs_forget_unless_they_are_somebody_elses():
    played = PlayedStacks(in_turn("Logs0: /aws/sagemaker/TrainingJobs already exists"))
    made = account(cloudformation=played.client)
    assert foundation.ensure_job_logs(made, config.load("dev")).outcome == "unchanged"
    assert foundation.ensure_job_logs(made, config.load("dev")).outcome == "created"
    groups = [group["Properties"] for group in played.asked[-1]["Resources"].values()]
    assert {group["LogGroupName"]: group["RetentionInDays"] for group in groups} == {
        "/aws/sagemaker/TrainingJobs": 30,
        "/aws/sagemaker/ProcessingJobs": 30,
    }


def test_every_call_to_a_bucket_names_its_owner():
    s3, stub = stubbed("s3")
    for operation in ("head_object", "list_objects_v2", "delete_objects", "put_object"):
        stub.add_client_error(operation, "AccessDenied")
    asked = []
    s3.meta.events.register(
        "before-parameter-build.s3", lambda params, **_: asked.append(params["ExpectedBucketOwner"])
    )
    client = account(s3=s3).s3
    deleted = {"Objects": [{"Key": "k"}]}
    for call, arguments in (
        (client.head_object, {"Key": "k"}),
        (client.list_objects_v2, {}),
        (client.delete_objects, {"Delete": deleted}),
        (client.put_object, {"Key": "k", "Body": b""}),
    ):
        with pytest.raises(ClientError):
            call(Bucket="birds", **arguments)
    assert asked == [ACCOUNT] * 4


def test_stacks_hand_the_products_tag_to_all_that_they_make():
    tags = []
    played = PlayedStacks(lambda _: None)
    played.client.meta.events.register(
        "before-parameter-build.cloudformation.CreateStack",
        lambda params, **_: tags.extend(params["Tags"]),
    )
    cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert {"Key": "product", "Value": "bird-sounds"} in tags


def write_config(monkeypatch, folder, change):
    """Let the settings be those of the product with a change."""
    written = json.loads(config.CONFIG.read_text())
    change(written)
    path = folder / "config.json"
    path.write_text(json.dumps(written))
    monkeypatch.setattr(config, "CONFIG", path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it.update(app_name="Birds"), "app_name leads to the name 'Birds-dev-site-"),
        (lambda it: it.update(app_name="bird_app"), "small letters, digits and hyphens for a buck"),
        (lambda it: it.update(app_name="b" * 40), "3 to 63 small letters"),
        (
            lambda it: it["environment_variables"].update(ENDPOINT_NAME="bird_classifier"),
            "ENDPOINT_NAME leads to the name 'bird_classifier-0123456789ab'",
        ),
        (
            lambda it: it["environment_variables"].update(ENDPOINT_NAME="b" * 54),
            "at most 63 letters, digits and hyphens for an endpoint, its candidate",
        ),
        (
            lambda it: it["environment_variables"].update(SPECTROGRAM_FUNCTION="bird_spectrogram"),
            "for a Lambda and its stack",
        ),
        (lambda it: it["deployment"].update(region="eu-nowhere-1"), "in region 'eu-nowhere-1'"),
        (lambda it: it.update(lambda_memory_size=64), "memory_size is 64, but AWS takes 128 to"),
        (lambda it: it["deployment"].update(log_retention_days=31), "log_retention_days is 31"),
        (
            lambda it: it["stages"]["dev"]["deployment"].update(site_mode="ftp"),
            "site_mode is 'ftp'",
        ),
        (lambda it: it["deployment"].update(budget_dollars="150"), "budget_dollars is '150'"),
        (lambda it: it["deployment"].pop("budget_dollars"), "lacks budget_dollars for stage dev"),
        (lambda it: it["deployment"].update(colour="red"), "has an unknown colour for stage dev"),
        (lambda it: it.pop("app_name"), "lacks 'app_name' for stage dev"),
        (lambda it: it["stages"]["dev"].pop("xray"), "lacks 'xray' for stage dev"),
        (lambda it: it.pop("stages"), "lacks 'stages' for stage dev"),
    ],
)
def test_the_dry_run_refuses_what_aws_would_refuse(monkeypatch, tmp_path, capsys, change, said):
    write_config(monkeypatch, tmp_path, change)
    assert deploy.main(["--dry-run"]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert "Traceback" not in told


@pytest.mark.parametrize("content", [b'{"version": "2.0",', b"", b"\xff\xfe{", b"[1"])
def test_settings_that_are_no_json_are_one_sentence(monkeypatch, tmp_path, capsys, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    monkeypatch.setattr(config, "CONFIG", path)
    assert deploy.main(["--dry-run"]) == 1
    told = capsys.readouterr().err
    assert "config.json is no JSON: " in told
    assert told.count("\n") == 1
