"""Artillery's scenarios: the report's plans, what is sent, and what is read from its report."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from loadtests import artillery, plans

FOLDER = Path(artillery.__file__).parent


@pytest.mark.parametrize("name", artillery.SCENARIOS)
def test_a_scenario_is_the_reports_plan(name):
    config = yaml.safe_load((FOLDER / f"{name}.yml").read_text())["config"]
    phases = [plans.Phase(one["arrivalRate"], one["duration"]) for one in config["phases"]]
    assert phases == plans.ARRIVALS[artillery.SCENARIOS[name]]
    assert config["environments"].keys() == {"local", "stage"}


@pytest.mark.parametrize("name", artillery.SCENARIOS)
def test_every_answer_must_be_a_200(name):
    (condition,) = yaml.safe_load((FOLDER / f"{name}.yml").read_text())["config"]["plugins"][
        "ensure"
    ]["conditions"]
    assert condition == {"expression": "http.codes.200 == vusers.created", "strict": True}


SENDS = """
const request = {};
require(process.argv[1]).recording(request, {}, {}, () => process.stdout.write(request.body));
"""


def test_what_is_sent_is_the_body_byte_by_byte(tmp_path):
    body = tmp_path / "body.json"
    body.write_text('{"data": "UklGRg=="}')
    done = subprocess.run(
        ["node", "-e", SENDS, FOLDER / "clip.cjs"],
        env=os.environ | {"BODY": str(body)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == body.read_text()


def part(period, count, median):
    latency = {"min": 1, "median": median, "p95": 9, "p99": 9, "max": 9, "mean": 5}
    counters = {"http.requests": count, "http.codes.200": count - 1, "errors.ETIMEDOUT": 1}
    return {
        "period": period,
        "counters": counters,
        "summaries": {"http.response_time": latency} if count else {},
    }


REPORT = {
    "aggregate": part(None, 30, 4),
    "intermediate": [part("1000", 10, 3), part("11000", 20, 5), part("21000", 0, 0)],
    "ensured": False,
}


def test_the_result_has_statuses_latencies_and_each_period():
    row = artillery.summarise(REPORT, 20)
    assert (row["requests"], row["statuses"]) == (30, {"200": 29, "ETIMEDOUT": 1})
    assert row["latency_ms"]["median"] == 4
    assert [one["seconds"] for one in row["periods"]] == [0, 10, 20]
    assert row["periods"][2]["latency_ms"] == {}


def watched(*samples):
    return artillery.Processor(running=None, samples=list(samples))


def test_processor_and_requests_have_one_clock():
    row = artillery.summarise(REPORT, 20, watched((0.5, 70.0), (6.0, 60.0), (11.0, 90.0)))
    assert row["processor_percent"] == [(5.0, 60.0), (10.0, 90.0)]


@pytest.mark.parametrize("processor", [None, watched((6.0, 60.0), (11.0, 90.0))])
def test_the_picture_is_drawn_with_and_without_a_processor_to_watch(tmp_path, processor):
    row = artillery.summarise(REPORT, 20, processor) | {"report": plans.REPORT["test1"]}
    artillery.draw(json.loads(json.dumps(row)), tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 0
