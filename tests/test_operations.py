"""Alarms, dashboard, log retention, topic and budget: put there once, kept as they are, taken away."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from moto import mock_aws

import deploy
import deploy_endpoint
from infra import config, cost_ceiling, session
from infra.endpoint.presets import PRESETS
from infra.errors import explain
from infra.monitoring import alarm as alarm_module
from infra.monitoring import budget, dashboard, monitor
from infra.monitoring.alarms import Watched, stage_alarms
from infra.packages import plain_chalice
from infra.site import publish

ACCOUNT = "123456789012"
STAGE = Watched("birdapp-dev", "dev", "birdapp-dev", "bird-spectrogram", "bird-classifier")
MAIL = monitor.Mail("warden@example.org", 40.0)


@pytest.fixture(scope="module")
def clients():
    """Made once; moto answers them in each test's own account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        made = session.make_watchers("eu-west-1", ACCOUNT)
        subscribers = fill_subscribers(made.budgets)
        yield made, subscribers


@pytest.fixture
def watchers(clients):
    """The clients of an empty account, and the addresses that AWS Budgets knows (moto keeps none)."""
    made, subscribers = clients
    subscribers.clear()
    with mock_aws():
        yield made


def fill_subscribers(budgets):
    """Let this client remember who was given to create_budget: moto has no describe_subscribers_for_notification."""
    known = []

    def create(params, **_):
        request = json.loads(params["body"])
        known[:] = request["NotificationsWithSubscribers"][0]["Subscribers"]

    def describe(params, **_):
        return AWSResponse(params["url"], 200, {}, None), {"Subscribers": known}

    budgets.meta.events.register("before-call.budgets.CreateBudget", create)
    budgets.meta.events.register("before-call.budgets.DescribeSubscribersForNotification", describe)
    return known


def outcomes(changes):
    return {change.outcome for change in changes}


@pytest.mark.parametrize("mail", [None, MAIL], ids=["no mail", "mail"])
def test_watching_is_put_there_once_and_taken_away(watchers, mail):
    assert outcomes(monitor.ensure_watch(watchers, STAGE, retention_days=30, mail=mail)) == {
        "created"
    }
    assert outcomes(monitor.ensure_watch(watchers, STAGE, retention_days=30, mail=mail)) == {
        "unchanged"
    }
    monitor.remove_watch(watchers, STAGE)
    assert outcomes(monitor.remove_watch(watchers, STAGE)) == {"absent"}
    assert watchers.cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert watchers.cloudwatch.list_dashboards()["DashboardEntries"] == []


@pytest.mark.parametrize(
    ("watched_for", "metrics"),
    [
        ("errors", {"5XXError", "Errors", "Invocation5XXErrors", "Invocation4XXErrors"}),
        ("latency", {"Latency", "Duration", "ModelLatency"}),
        ("throttles", {"Throttles"}),
        ("endpoint health", {"CPUUtilization", "MemoryUtilization"}),
    ],
)
def test_every_kind_of_trouble_has_its_alarm(watched_for, metrics):
    assert metrics <= {alarm.metric for alarm in stage_alarms(STAGE)}, watched_for


def test_an_alarm_says_what_it_means_and_what_was_put_is_what_stands(watchers):
    monitor.ensure_watch(watchers, STAGE, retention_days=30, mail=MAIL)
    for standing in watchers.cloudwatch.describe_alarms()["MetricAlarms"]:
        assert standing["AlarmDescription"].endswith(".")
        assert standing["AlarmActions"] == [f"arn:aws:sns:eu-west-1:{ACCOUNT}:birdapp-dev-alarms"]
        assert standing["Dimensions"]


def test_no_report_from_any_instance_is_an_alarm_and_a_quiet_night_is_none():
    of_missing = {alarm.name: alarm.missing for alarm in stage_alarms(STAGE)}
    assert [name for name, missing in of_missing.items() if missing == "breaching"] == [
        "bird-classifier-not-running"
    ]


def test_a_serverless_endpoint_loses_the_alarms_of_machines(watchers):
    monitor.ensure_watch(watchers, STAGE, retention_days=30)
    monitor.ensure_watch(watchers, dataclasses.replace(STAGE, instances=False), retention_days=30)
    names = {alarm["AlarmName"] for alarm in watchers.cloudwatch.describe_alarms()["MetricAlarms"]}
    assert "bird-classifier-refused" in names
    assert not {"bird-classifier-not-running", "bird-classifier-memory"} & names


def test_a_changed_alarm_is_put_again_and_keeps_who_is_told(watchers):
    (alarm, *_) = stage_alarms(STAGE)
    topic = f"arn:aws:sns:eu-west-1:{ACCOUNT}:birdapp-dev-alarms"
    alarm_module.ensure_alarms(watchers.cloudwatch, [alarm], topic)
    assert outcomes(alarm_module.ensure_alarms(watchers.cloudwatch, [alarm])) == {"unchanged"}
    stricter = dataclasses.replace(alarm, threshold=1)
    assert outcomes(alarm_module.ensure_alarms(watchers.cloudwatch, [stricter])) == {"updated"}
    (standing,) = watchers.cloudwatch.describe_alarms()["MetricAlarms"]
    assert (standing["Threshold"], standing["AlarmActions"]) == (1.0, [topic])


def test_logs_are_forgotten_after_the_stages_days(watchers):
    monitor.ensure_watch(watchers, STAGE, retention_days=30)
    assert outcomes(monitor.ensure_watch(watchers, STAGE, retention_days=7)[:2]) == {"updated"}
    groups = watchers.logs.describe_log_groups()["logGroups"]
    assert {group["logGroupName"]: group["retentionInDays"] for group in groups} == {
        "/aws/sagemaker/Endpoints/bird-classifier": 7,
        "/aws/sagemaker/Endpoints/bird-classifier-candidate": 7,
    }


def test_the_dashboard_fits_its_grid_and_shows_every_alarm():
    widgets = dashboard.dashboard(STAGE, "eu-west-1", ACCOUNT)["widgets"]
    cells = [(widget["x"] + x, widget["y"]) for widget in widgets for x in range(widget["width"])]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    assert len(widgets[0]["properties"]["alarms"]) == len(stage_alarms(STAGE))


def test_the_budget_mails_early_and_follows_a_new_address(watchers):
    wanted = budget.Budget("birdapp-dev", 40.0, "warden@example.org")
    assert budget.ensure_budget(watchers.budgets, ACCOUNT, wanted).outcome == "created"
    assert budget.ensure_budget(watchers.budgets, ACCOUNT, wanted).outcome == "unchanged"
    for changed in ({"email": "other@example.org"}, {"dollars": 60.0}):
        wanted = dataclasses.replace(wanted, **changed)
        assert budget.ensure_budget(watchers.budgets, ACCOUNT, wanted).outcome == "updated"
        assert budget.ensure_budget(watchers.budgets, ACCOUNT, wanted).outcome == "unchanged"
    mails = watchers.budgets.describe_notifications_for_budget(
        AccountId=ACCOUNT, BudgetName="birdapp-dev"
    )
    assert {(mail["NotificationType"], mail["Threshold"]) for mail in mails["Notifications"]} == {
        ("ACTUAL", 80.0),
        ("FORECASTED", 100.0),
    }


@pytest.mark.parametrize(
    ("operation", "code", "said"),
    [
        ("HeadBucket", "403", "That bucket name is taken"),
        ("CreateBucket", "BucketAlreadyExists", "That bucket name is taken"),
        ("CreateEndpoint", "ResourceLimitExceeded", "An AWS quota is used up"),
        ("CreateRole", "AccessDenied", "These credentials may not do CreateRole"),
        ("CreateModel", "UnrecognizedClientException", "AWS does not know these credentials"),
        ("CreateModel", "ExpiredTokenException", "The AWS credentials have expired"),
        ("CreateModel", "SomethingElse", "AWS refused CreateModel (SomethingElse): so it is"),
    ],
)
def test_what_aws_refuses_is_a_sentence(operation, code, said):
    error = ClientError({"Error": {"Code": code, "Message": "so it is"}}, operation)
    assert explain(error).startswith(said)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "No AWS credentials were found"),
        (NoRegionError(), "No AWS region was given"),
        (
            EndpointConnectionError(endpoint_url="https://sts.eu-nowhere-1.amazonaws.com"),
            "AWS cannot be reached",
        ),
    ],
)
def test_what_boto3_cannot_do_is_a_sentence(error, said):
    assert explain(error).startswith(said)


MANUAL = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
SCRIPTS = {
    "make": deploy,
    "python deploy_endpoint.py": deploy_endpoint,
    "python -m infra.site.publish": publish,
    "python -m infra.packages.plain_chalice": plain_chalice,
}


def test_the_manual_names_every_alarm():
    named = [
        alarm.name.removeprefix(STAGE.endpoint).removeprefix(STAGE.function)
        for alarm in stage_alarms(STAGE)
    ]
    assert [
        name for name in named if name.removeprefix(STAGE.spectrogram_function) not in MANUAL
    ] == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_option_in_the_manual_is_one_that_its_script_takes(script, capsys):
    with pytest.raises(SystemExit):
        SCRIPTS[script].main(["--help"])
    taken = capsys.readouterr().out
    lines = [
        line.split("#")[0]
        for line in re.findall(r"^    (\S.*)$|`(make .*?)`", MANUAL, re.M)
        for line in line
    ]
    options = {
        option for line in lines if script in line for option in re.findall(r"--[a-z0-9-]+", line)
    }
    assert options
    assert {option for option in options if option not in taken} == set()


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_manual_states_the_limits_of_each_stage_and_what_they_let_strangers_cost(stage):
    chosen = config.load(stage)
    *_, together = cost_ceiling.most(chosen, PRESETS["requests"])
    limits = chosen.throttle_requests_per_second, chosen.throttle_burst, chosen.reserved_concurrency
    assert f"| {stage} | {' | '.join(map(str, limits))} | {together.dollars[1]:,.0f} $ |" in MANUAL


def test_every_target_in_the_manual_stands_in_the_makefile():
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    targets = set(re.findall(r"(?:^    |`)make ([a-z]+)", MANUAL, re.M))
    assert {"deploy", "destroy", "status"} <= targets
    assert {
        target
        for target in targets
        if not re.search(rf"^[a-z ]*\b{target}\b[a-z ]*:", makefile, re.M)
    } == set()
