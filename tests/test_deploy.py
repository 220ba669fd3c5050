"""What deploy.py says: what it would do and its price, and one sentence for each failure."""

import ast
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from stubbed_account import ACCOUNT, REGION, account, stubbed

import deploy
import deploy_endpoint
from infra import change, cloudformation, config, cost, cost_ceiling, session
from infra.endpoint.presets import PRESETS
from infra.errors import DeployError
from infra.packages import plain_chalice
from infra.site import publish
from infra.stacks import foundation

TEMPLATE = {"Resources": {}}


@pytest.fixture(autouse=True)
def no_aws(monkeypatch, tmp_path):
    """No credentials, no settings, and no way to find any."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


def described(status, digest=None):
    """What describe_stacks answers."""
    tags = [{"Key": cloudformation.DIGEST_TAG, "Value": digest}] if digest else []
    stack = {
        "StackName": "s",
        "StackId": "id",
        "CreationTime": 0,
        "StackStatus": status,
        "Tags": tags,
    }
    return {"Stacks": [stack]}


def gone(stub):
    """Let the stub say that there is no such stack."""
    stub.add_client_error("describe_stacks", "ValidationError", "Stack with id s does not exist")


def test_dry_run_calls_no_aws_and_says_what_and_for_how_much(capsys):
    assert deploy.main(["--dry-run"]) == 0
    said = capsys.readouterr().out
    for thing in (
        "bird-spectrogram",
        "birdapp-dev-api",
        "endpoint bird-classifier",
        "site on bucket",
        "alarms",
    ):
        assert thing in said
    assert all(f"{clips:,} a day" in said for clips in (0, 1_000, 100_000))
    assert "$ at most, if strangers never stop asking" in said
    assert "A hobby takes --preset lambda" in said
    assert said.index("Without any limit: downloads of the page") < said.index("$ at most")


def test_a_model_in_a_lambda_costs_nothing_at_rest_and_five_dollars_at_100_000_clips_a_day():
    model, *_ = cost.monthly(config.load("dev"), PRESETS["lambda"].hosting)
    assert model.dollars[0] == 0
    assert model.dollars[2] == pytest.approx(5, abs=1)


WITHOUT_MODELS = """
import sys, deploy
status = deploy.main(["--dry-run"])
print(sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(status)
"""


def test_a_dry_run_needs_none_of_the_large_packages():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MODELS],
        cwd=config.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(ast.literal_eval(done.stderr))
    assert "boto3" in imported
    large = {"chalice", "imageio_ffmpeg", "matplotlib", "numpy", "pydub", "scipy", "tensorflow"}
    assert imported & large == set()


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        (deploy, ["status"]),
        (deploy, ["destroy"]),
        (deploy_endpoint, ["--rollback"]),
        (publish, []),
        (plain_chalice, []),
    ],
)
def test_missing_credentials_are_one_sentence(script, arguments, capsys):
    assert script.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("No AWS credentials were found: run `aws configure`")
    assert said.count("\n") == 1


def test_an_unknown_stage_is_one_sentence(capsys):
    assert deploy.main(["--stage", "test", "--dry-run"]) == 1
    assert "has no stage 'test'" in capsys.readouterr().err


def test_a_region_that_is_none_is_one_sentence():
    with pytest.raises(DeployError, match="There is no AWS region 'eu-nowhere-1'"):
        session.connect("eu-nowhere-1")


def test_an_account_makes_each_client_once(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    made = session.Account(REGION)
    services = {client.meta.service_model.service_name for client in made.clients()}
    assert len(services) == len(made.clients()) == 9
    assert list(map(id, made.clients())) == list(map(id, made.clients()))


def test_what_never_settles_is_one_sentence_after_an_hour(slept):
    with pytest.raises(DeployError, match="Stack s did not settle within an hour; run this again"):
        change.wait_until_settled(lambda: 1, lambda _: False, name="Stack s", poll_seconds=60)
    assert sum(slept) == 3_600


FAILED = {
    "StackId": "id",
    "EventId": "1",
    "StackName": "s",
    "Timestamp": 0,
    "ResourceStatus": "CREATE_FAILED",
}


def fail_to_create(stub, *events):
    """Let the stub create a stack that CloudFormation takes back."""
    gone(stub)
    stub.add_response("create_stack", {"StackId": "id"})
    stub.add_response("describe_stacks", described("ROLLBACK_COMPLETE"))
    stub.add_response("describe_stack_events", {"StackEvents": list(events)})


def test_a_taken_bucket_name_is_one_sentence():
    client, stub = stubbed("cloudformation")
    taken = {"LogicalResourceId": "Bucket", "ResourceStatusReason": "birds already exists"}
    fail_to_create(stub, FAILED | taken)
    with pytest.raises(
        DeployError, match=r"Bucket: birds already exists .* change app_name in birdapp"
    ):
        foundation.ensure(account(cloudformation=client), config.load("dev"))


def test_a_bucket_that_only_has_the_name_of_ours_is_never_emptied():
    """Its stack came to nothing because of it; S3 may not be asked at all."""
    client, stub = stubbed("cloudformation")
    stub.add_response("describe_stacks", described("ROLLBACK_COMPLETE"))
    stub.add_response("delete_stack", {})
    gone(stub)
    change = cloudformation.delete_stack(account(cloudformation=client), "s", bucket="birds")
    assert change.outcome == "deleted"


def test_a_strangers_bucket_of_our_name_is_never_emptied():
    client, stub = stubbed("cloudformation")
    stub.add_response("describe_stacks", described("CREATE_COMPLETE"))
    stub.add_response("delete_stack", {})
    gone(stub)
    s3, objects = stubbed("s3")
    expected = {"Bucket": "birds", "ExpectedBucketOwner": ACCOUNT}
    objects.add_client_error("list_objects_v2", "AccessDenied", expected_params=expected)
    of_both = account(cloudformation=client, s3=s3)
    assert cloudformation.delete_stack(of_both, "s", bucket="birds").outcome == "deleted"


def test_a_stack_that_fails_says_the_cause_and_not_its_consequences():
    client, stub = stubbed("cloudformation")
    consequence = "Resource creation cancelled"
    cancelled = {"LogicalResourceId": "Logs", "ResourceStatusReason": consequence}
    limit = "Code storage limit exceeded"
    cause = {"LogicalResourceId": "Function", "ResourceStatusReason": limit}
    fail_to_create(stub, FAILED | cancelled, FAILED | cause)
    with pytest.raises(DeployError, match="took it back: Function: Code storage limit exceeded"):
        cloudformation.ensure_stack(account(cloudformation=client), "s", TEMPLATE)


def test_a_stack_that_was_never_finished_is_made_anew():
    client, stub = stubbed("cloudformation")
    stub.add_response("describe_stacks", described("ROLLBACK_COMPLETE"))
    stub.add_response("describe_stacks", described("ROLLBACK_COMPLETE"))
    stub.add_response("delete_stack", {})
    gone(stub)
    stub.add_response("create_stack", {"StackId": "id"})
    stub.add_response("describe_stacks", described("CREATE_COMPLETE"))
    assert (
        cloudformation.ensure_stack(account(cloudformation=client), "s", TEMPLATE).outcome
        == "created"
    )


def test_a_stack_in_motion_is_waited_for_before_it_is_changed():
    client, stub = stubbed("cloudformation")
    stub.add_response("describe_stacks", described("CREATE_IN_PROGRESS"))
    stub.add_response("describe_stacks", described("CREATE_COMPLETE", "of another template"))
    stub.add_response("update_stack", {"StackId": "id"})
    stub.add_response("describe_stacks", described("UPDATE_COMPLETE"))
    assert (
        cloudformation.ensure_stack(account(cloudformation=client), "s", TEMPLATE).outcome
        == "updated"
    )


def test_a_stack_that_cannot_be_deleted_says_why():
    client, stub = stubbed("cloudformation")
    stub.add_response("describe_stacks", described("CREATE_COMPLETE"))
    stub.add_response("delete_stack", {})
    stub.add_response("describe_stacks", described("DELETE_FAILED"))
    stub.add_response("describe_stack_events", {"StackEvents": []})
    with pytest.raises(DeployError, match="Stack s could not be deleted: no reason given"):
        cloudformation.delete_stack(account(cloudformation=client), "s")


@pytest.mark.parametrize(
    ("kind", "unreserved", "cap"),
    [
        ("instances", 1_000, 10),
        ("instances", 120, 10),
        ("instances", 119, 0),
        ("instances", 10, 0),
        ("function", 130, 10),
        ("function", 129, 0),
    ],
)
def test_the_cap_is_dropped_where_the_account_has_no_room_for_it(kind, unreserved, cap):
    client, stub = stubbed("lambda")
    stub.add_response(
        "get_account_settings", {"AccountLimit": {"UnreservedConcurrentExecutions": unreserved}}
    )
    for _ in range(3):
        stub.add_client_error("get_function_concurrency", "ResourceNotFoundException")
    wanted = config.load("dev")
    fitted = session.fit_concurrency(account(functions=client), wanted, kind)
    assert fitted.reserved_concurrency == cap
    assert len(session.concurrency_note(wanted, fitted)) == (cap == 0)


def test_prices_add_up_and_grow_with_traffic():
    *parts, together = cost.monthly(config.load("dev"), PRESETS["requests"].hosting)
    for column in range(3):
        assert together.dollars[column] == pytest.approx(
            sum(part.dollars[column] for part in parts)
        )
    assert list(together.dollars) == sorted(together.dollars)


@pytest.mark.parametrize(
    ("preset", "model"),
    [
        ("requests", 4 * 0.102 * 24),
        ("serverless", 10 * 3 * 86_400 * 2e-5),
        # Ten of 1,769 MB, and their requests.
        ("lambda", 10 * 1_769 / 1_024 * 86_400 * 0.0000166667 + 5 * 86_400 * 2e-7),
    ],
)
def test_strangers_can_cost_no_more_than_every_limit_reached_all_day(preset, model):
    found = {
        line.what: line.dollars
        for line in cost_ceiling.upper_bound(config.load("dev"), PRESETS[preset])
    }
    # Ten Lambdas of 512 MB and ten of 2,048 MB.
    wanted = {"model": model, "Lambda": 10 * 2.5 * 86_400 * 0.0000166667}
    assert {what: found[what][0] for what in wanted} == pytest.approx(wanted)
    assert found["together"] == pytest.approx((found["together"][0], 30 * found["together"][0]))


def test_without_a_cap_the_rate_and_the_time_limits_bound_the_lambdas():
    capped, free = config.load("dev"), config.load("dev", reserved_concurrency=0)
    lambdas = [
        cost_ceiling.upper_bound(chosen, PRESETS["requests"])[2].dollars[0]
        for chosen in (capped, free)
    ]
    # 5 a second for up to 25 s and 10 s.
    assert lambdas[1] / lambdas[0] == pytest.approx((125 * 0.5 + 50 * 2) / (10 * 2.5))


def test_warm_lambdas_and_tracing_show_their_price_only_where_they_are_on():
    plain = config.load("dev")
    chosen = replace(plain, provisioned_concurrency=1, xray=True)
    hosting = PRESETS["requests"].hosting
    extra = {line.what for line in cost.monthly(chosen, hosting)} - {
        line.what for line in cost.monthly(plain, hosting)
    }
    assert extra == {"warm Lambdas (setting)", "X-Ray (setting)"}
    assert cost.dollars(cost.warm(0.25)) == pytest.approx(2.70, abs=0.01)
