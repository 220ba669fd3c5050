"""The model in a Lambda, in ministack: made, swapped under load, refused, taken back, deleted.

The functions are a few lines that return what a test says; the true one is in test_packages.py and
test_deploy_stack.py.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import aws_gaps
import pytest
from endpoint_account import CLIP, NEW, OLD, play_functions
from local_app import wait_for

from infra import classifier, config, hosting, session
from infra.cloudformation import find_stack, read_outputs
from infra.endpoint.presets import PRESETS
from infra.errors import DeployError
from infra.stacks import foundation, functions

SETTINGS = config.load("dev", alarm_email="birds@example.org")
HOSTING = PRESETS["lambda"].hosting
LIVE = "bird-classifier:live"


@pytest.fixture(scope="module")
def made(emulated):
    """(the account, Lightning), made once, with the foundation."""
    account = session.connect("eu-west-1", poll_seconds=0.01)
    foundation.ensure(account, SETTINGS)
    return account, aws_gaps.Lightning(account.s3, account.cloudformation, account.functions)


@pytest.fixture
def account(made, monkeypatch, tmp_path):
    """The account without the function; each model's function returns what was checked."""
    made[1].aim(0, late=False)
    classifier.destroy(made[0], SETTINGS)
    play_functions(monkeypatch, tmp_path)
    return made[0]


def deploy(account, model):
    return [it.outcome for it in classifier.deploy(account, SETTINGS, HOSTING, model)]


@cache
def main_lambda(boto3_session):
    """The client of whoever asks the model meanwhile."""
    return boto3_session.client("lambda", "eu-west-1")


def version(account):
    """The version of the model that the main Lambda gets."""
    client = main_lambda(account.boto3_session)
    payload = client.invoke(FunctionName=LIVE, Payload=b"{}")["Payload"].read()
    return json.loads(json.loads(payload)["outputs"]["settings"])["version"]


def test_a_first_model_is_made_once_and_deleted(account):
    assert deploy(account, OLD) == ["created"] * 3
    assert deploy(account, OLD) == ["unchanged"] * 3
    assert version(account) == "old"
    found = classifier.find_deployed(account, SETTINGS)
    assert found.model == f"s3://{SETTINGS.bucket(account.account_id)}/{OLD.key}"
    assert found.preset.name == "lambda"
    assert classifier.destroy(account, SETTINGS).outcome == "deleted"
    assert classifier.find_deployed(account, SETTINGS) is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [(None, "did not answer the smoke clip"), (NEW.reference, "other settings than the model")],
)
def test_a_first_model_that_answers_badly_leaves_no_function(
    account, monkeypatch, tmp_path, answer, why
):
    play_functions(monkeypatch, tmp_path, called=answer)
    with pytest.raises(DeployError, match=f"{why}.*; it was deleted"):
        deploy(account, OLD)
    assert find_stack(account, functions.classifier_stack(SETTINGS)) is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [(None, "did not answer the smoke clip"), (OLD.reference, "other settings than the model")],
)
def test_a_new_model_that_answers_badly_never_gets_the_alias(
    account, monkeypatch, tmp_path, answer, why
):
    deploy(account, OLD)
    before = read_outputs(account, functions.classifier_stack(SETTINGS))
    play_functions(monkeypatch, tmp_path, alone=answer)
    with pytest.raises(DeployError, match=f"{why}.*; the model before serves on"):
        deploy(account, NEW)
    assert version(account) == "old"
    assert read_outputs(account, functions.classifier_stack(SETTINGS)) == before


def test_a_model_that_fails_only_behind_the_alias_is_taken_back(account, monkeypatch, tmp_path):
    deploy(account, OLD)
    play_functions(monkeypatch, tmp_path, called=None)
    with pytest.raises(DeployError, match=r"did not answer.*; the model before serves again"):
        deploy(account, NEW)
    assert version(account) == "old"


def test_a_model_is_swapped_under_load_without_a_failed_request(account):
    deploy(account, OLD)
    seen, ended = [], threading.Event()

    def ask():
        while not ended.is_set():
            seen.append(version(account))

    with ThreadPoolExecutor(4) as pool:
        askers = [pool.submit(ask) for _ in range(4)]
        try:
            assert wait_for(lambda: "old" in seen)
            deploy(account, NEW)
            assert wait_for(lambda: "new" in seen and len(seen) > 20)
        finally:
            ended.set()
    for asker in askers:
        # Raises what any request raised.
        asker.result()
    assert set(seen) == {"old", "new"}


def test_rollback_returns_to_the_model_before_and_forward_again(account):
    deploy(account, OLD)
    with pytest.raises(DeployError, match="has no earlier model to go back to"):
        hosting.roll_back(account, SETTINGS, CLIP)
    deploy(account, NEW)
    assert hosting.roll_back(account, SETTINGS, CLIP).outcome == "updated"
    assert version(account) == "old"
    hosting.roll_back(account, SETTINGS, CLIP)
    assert version(account) == "new"
    assert deploy(account, NEW) == ["unchanged"] * 3


def test_the_alarms_guard_the_step_that_moves_the_alias_and_no_other(account, monkeypatch):
    guards = []
    account.cloudformation.meta.events.register(
        "before-parameter-build.cloudformation.UpdateStack",
        lambda params, **_: guards.append(params["RollbackConfiguration"]),
    )
    deploy(account, OLD)
    deploy(account, NEW)
    trial, move = guards
    assert trial == {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
    assert move["MonitoringTimeInMinutes"] == 5
    assert [it["Arn"].split(":", 5)[5] for it in move["RollbackTriggers"]] == [
        f"alarm:bird-classifier-{name}" for name in ("errors", "throttles", "duration")
    ]
    existing = account.cloudwatch.describe_alarms(AlarmNamePrefix="bird-classifier-")
    assert len(existing["MetricAlarms"]) == 5


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_swap_that_is_cut_at_any_call_is_finished_by_the_next(account, made, late):
    deploy(account, OLD)
    made[1].aim_at_each(late)
    while made[1].strikes(lambda: classifier.deploy(account, SETTINGS, HOSTING, NEW)):
        assert version(account) in {"old", "new"}
        assert len(made[1].struck) < 100
    assert version(account) == "new"
    assert deploy(account, NEW) == ["unchanged"] * 3


def test_another_memory_size_is_another_version():
    one, other = (
        functions.Version.of(SETTINGS, chosen, "code/a.zip", "models/a")
        for chosen in (HOSTING, type(HOSTING)(memory_mb=1_024))
    )
    assert one.logical_id != other.logical_id


def test_the_endpoints_command_refuses_a_move_that_the_api_would_not_follow(account):
    deploy(account, OLD)
    found = hosting.find_deployed(account, SETTINGS)
    with pytest.raises(DeployError, match=r'make deploy ARGS="--preset requests"'):
        hosting.refuse_other(found, PRESETS["requests"])
    hosting.refuse_other(found, PRESETS["lambda"])
