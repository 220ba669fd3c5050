"""Power tuning: quotas as Lambda gives them, prices, and AWS's own tool played by a Stubber."""

import json
import time

import boto3
import pytest
from botocore.stub import Stubber

from infra.cost import PRICES
from loadtests import clips, power_state_machine, power_tuning, power_worker, quota


@pytest.mark.parametrize(
    ("megabytes", "cores"), [(1_769, 1), (128, 0.0724), (256, 0.1447), (3_538, 2), (10_240, 5.788)]
)
def test_a_core_comes_with_1769_megabytes(megabytes, cores):
    assert power_tuning.cores(megabytes) == pytest.approx(cores, abs=1e-3)


def test_a_request_is_paid_by_memory_time_and_number():
    second = PRICES["Lambda, GB-second"]
    assert power_tuning.dollars(512, 2_000) == pytest.approx(second + PRICES["Lambda, request"])


@pytest.mark.parametrize("name", clips.FORMATS)
def test_a_minute_of_each_format_fits_into_a_request(name):
    assert 1_000 < len(clips.of(name, 60)) < 4 * 2**20


def can_limit():
    try:
        with quota.limited(1):
            return True
    except quota.NoQuotaError:
        return False


@pytest.fixture
def limits():
    if not can_limit():
        pytest.skip("needs root and control groups")


def test_a_tenth_of_a_core_takes_ten_times_as_long(limits):
    def work():
        with quota.limited(0.1) as group:
            return group

    assert not work().exists()
    with quota.limited(0.1) as group:
        spun, lasted = power_worker.in_a_copy(lambda: spin(group))
    assert lasted > 5 * spun


def spin(group):
    """Use the processor for a tenth of a second in a group; its own time, and the clock's."""
    quota.join(group)
    began, used = time.perf_counter(), time.process_time()
    while time.process_time() - used < 0.1:
        pass
    return time.process_time() - used, time.perf_counter() - began


def test_both_handlers_are_timed_cold_and_warm(limits, app, tmp_path, monkeypatch):
    for name, value in power_tuning.hops(app).items():
        if name in power_tuning.SETTINGS:
            monkeypatch.setenv(name, value)
    events = power_tuning.events(["mp3"], (5,))
    for function, some in events.items():
        row = power_tuning.measure(function, some, 3_008)
        ((_, one),) = row["requests"].items()
        assert one["status"] == 200
        assert one["cold_ms"] > row["init_ms"] > 0
        assert one["cold_ms"] > one["warm_ms"] > 0
        power_tuning.draw(function, [row], tmp_path / f"{function}.png")
        assert (tmp_path / f"{function}.png").stat().st_size > 0


def execution(status, **more):
    return {
        "executionArn": "arn:aws:states:eu-west-1:123456789012:execution:tuning:1",
        "stateMachineArn": MACHINE,
        "status": status,
        "startDate": 0,
        **more,
    }


MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:tuning"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:birdapp-dev"


def tuned(*answers):
    """Tune with a played service that gives these answers one after the other."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("stepfunctions", region_name="eu-west-1", **keys)
    given = power_state_machine.tuning_input(FUNCTION, {"body": "{}"})
    with Stubber(client) as played:
        wanted = {"stateMachineArn": MACHINE, "input": json.dumps(given)}
        started = {"executionArn": execution("RUNNING")["executionArn"], "startDate": 0}
        played.add_response("start_execution", started, wanted)
        for answer in answers:
            played.add_response("describe_execution", answer)
        found = power_state_machine.tune(client, MACHINE, given, poll_seconds=0)
        played.assert_no_pending_responses()
    return found


def test_awss_own_tool_is_started_and_waited_for():
    output = {"power": "256", "cost": 2e-6, "duration": 480.0}
    done = execution("SUCCEEDED", output=json.dumps(output))
    assert tuned(execution("RUNNING"), execution("RUNNING"), done) == output


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_run_of_awss_tool_that_fails_is_named(status):
    with pytest.raises(power_state_machine.TuningError, match=f"{status}: no permission"):
        tuned(execution(status, cause="no permission"))
