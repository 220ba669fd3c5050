"""Alarms, dashboard, logs, topic, budget as their stacks have them; AWS's errors; the manual.

That they are made once, then unchanged, then deleted is tested in test_deploy_faults.py.
"""

import json
import re
from pathlib import Path
from typing import get_args

import packaged
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
)

import deploy
import deploy_endpoint
from infra import config, cost_ceiling
from infra.alarms import Kind, stage_alarms
from infra.endpoint.presets import PRESETS
from infra.errors import explain
from infra.packages import plain_chalice
from infra.site import publish

STAGE = config.load("dev")
ALARMS = stage_alarms(STAGE, "instances")
EMAIL = "warden@example.org"


def stacks(**changed):
    """All stacks that have alarms, as one."""
    kind = changed.pop("kind", "instances")
    made = packaged.foundation(**changed), packaged.monitoring(kind=kind, **changed)
    classifier = packaged.classifier(**changed)["Resources"] if kind == "function" else {}
    return {"Resources": made[0]["Resources"] | made[1]["Resources"] | classifier}


def alarm_names(**changed):
    """The names of the alarms in both stacks."""
    made = packaged.of_type(stacks(**changed), "AWS::CloudWatch::Alarm").values()
    return [it["AlarmName"] for it in made]


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
    assert metrics <= {alarm.metric for alarm in ALARMS}, watched_for


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_alarm_is_in_one_stack(kind):
    wanted = [alarm.name for alarm in stage_alarms(STAGE, kind)]
    assert sorted(alarm_names(kind=kind)) == sorted(wanted)


def test_an_alarm_says_what_it_means_and_whom_it_tells():
    for alarm in packaged.of_type(stacks(alarm_email=EMAIL), "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmDescription"].endswith(".")
        (topic,) = alarm["AlarmActions"]
        assert topic["Fn::Sub"].endswith(":birdapp-dev-alarms")
        assert alarm["OKActions"] == [topic]
        assert alarm["Dimensions"]


def test_the_topic_writes_to_the_address():
    foundation = packaged.foundation(alarm_email=EMAIL)
    assert packaged.only(foundation, "AWS::SNS::Topic")["TopicName"] == "birdapp-dev-alarms"
    subscription = packaged.only(foundation, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", EMAIL)


def test_without_an_address_nobody_is_told_and_there_is_no_budget():
    kinds = {made["Type"] for made in stacks()["Resources"].values()}
    assert not {"AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::Budgets::Budget"} & kinds
    alarms = packaged.of_type(stacks(), "AWS::CloudWatch::Alarm").values()
    assert not [alarm for alarm in alarms if "AlarmActions" in alarm]


def test_no_report_from_any_instance_is_an_alarm_and_a_quiet_night_is_none():
    of_missing = {alarm.name: alarm.missing for alarm in ALARMS}
    assert [name for name, missing in of_missing.items() if missing == "breaching"] == [
        "bird-classifier-not-running"
    ]


def test_a_serverless_endpoint_loses_the_alarms_of_machines():
    names = alarm_names(kind="serverless")
    assert "bird-classifier-refused" in names
    assert not {"bird-classifier-not-running", "bird-classifier-memory"} & set(names)


def test_logs_are_forgotten_after_the_stages_days():
    groups = packaged.of_type(
        packaged.foundation(log_retention_days=7), "AWS::Logs::LogGroup"
    ).values()
    assert {group["LogGroupName"]: group["RetentionInDays"] for group in groups} == {
        "/aws/sagemaker/Endpoints/bird-classifier": 7,
        "/aws/sagemaker/Endpoints/bird-classifier-candidate": 7,
    }


def test_the_dashboard_fits_its_grid_and_shows_every_alarm():
    made = packaged.only(packaged.monitoring(), "AWS::CloudWatch::Dashboard")
    widgets = json.loads(made["DashboardBody"]["Fn::Sub"])["widgets"]
    cells = [(widget["x"] + x, widget["y"]) for widget in widgets for x in range(widget["width"])]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    assert len(widgets[0]["properties"]["alarms"]) == len(ALARMS)


def test_the_budget_mails_early():
    made = packaged.only(packaged.monitoring(alarm_email=EMAIL), "AWS::Budgets::Budget")
    assert made["Budget"]["BudgetLimit"] == {"Amount": 150, "Unit": "USD"}
    mails = made["NotificationsWithSubscribers"]
    kinds = [mail["Notification"] for mail in mails]
    assert {(kind["NotificationType"], kind["Threshold"]) for kind in kinds} == {
        ("ACTUAL", 80.0),
        ("FORECASTED", 100.0),
    }
    assert {it["Address"] for mail in mails for it in mail["Subscribers"]} == {EMAIL}


def test_a_budget_that_writes_to_another_address_has_another_name():
    """AWS replaces it, the new one first; a new limit changes it as it is."""

    def name(**changed):
        stack = packaged.monitoring(**{"alarm_email": EMAIL} | changed)
        return packaged.only(stack, "AWS::Budgets::Budget")["Budget"]["BudgetName"]

    assert name(alarm_email="other@example.org") != name() == name(budget_dollars=60)
    assert name().startswith("birdapp-dev-")


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
    "python deploy.py": deploy,
    "python deploy_endpoint.py": deploy_endpoint,
    "python -m infra.site.publish": publish,
    "python -m infra.packages.plain_chalice": plain_chalice,
}


def test_the_manual_names_every_alarm():
    named = [
        alarm.name.removeprefix(STAGE.endpoint).removeprefix(STAGE.function) for alarm in ALARMS
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
        for line in re.findall(r"^    (\S.*)$|`((?:make|\.venv/bin/python) .*?)`", MANUAL, re.M)
        for line in line
    ]
    options = {
        option for line in lines if script in line for option in re.findall(r"--[a-z0-9-]+", line)
    }
    assert options
    assert {option for option in options if option not in taken} == set()


def test_every_python_command_in_the_manual_is_of_a_script_whose_options_are_checked():
    commands = re.findall(r"(?:^    |`)\.venv/bin/(python \S+(?: \S+)?)", MANUAL, re.M)
    assert len(commands) >= 8
    known = tuple(SCRIPTS)
    assert [command for command in commands if not command.startswith(known)] == []


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_manual_states_the_limits_of_each_stage_and_what_they_let_strangers_cost(stage):
    chosen = config.load(stage)
    bounds = [cost_ceiling.upper_bound(chosen, PRESETS[it])[-1] for it in ("requests", "lambda")]
    limits = chosen.throttle_requests_per_second, chosen.throttle_burst, chosen.reserved_concurrency
    together = " | ".join(f"{bound.dollars[1]:,.0f} $" for bound in bounds)
    assert f"| {stage} | {' | '.join(map(str, limits))} | {together} |" in MANUAL


def test_every_target_in_the_manual_stands_in_the_makefile():
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    targets = set(re.findall(r"(?:^    |`)make ([a-z]+)", MANUAL, re.M))
    assert {"deploy", "destroy", "status"} <= targets
    assert {
        target
        for target in targets
        if not re.search(rf"^[a-z ]*\b{target}\b[a-z ]*:", makefile, re.M)
    } == set()
