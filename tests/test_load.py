"""The load tests' own parts, and that the app stands a crowd."""

import json

import pytest

from infra.endpoint.presets import PRESETS
from loadtests import bench, clips, crowd, fleet, load, plans, results, simulate
from loadtests.app import Answer, classify_body, stages
from local import readiness

WHISTLE = classify_body(readiness.whistle())


def test_sixteen_clients_at_once_get_500_answers(app):
    samples = load.run_clients(app.api_url, WHISTLE, clients=16, requests=500)
    assert load.summarise(samples)["statuses"] == {"200": 500}


def test_150_connections_at_once_are_all_taken(app):
    samples = load.run_clients(app.api_url, WHISTLE, clients=150, requests=150)
    # Whoever waits for more than 5 s for a place gets 503; none is lost.
    assert load.summarise(samples)["statuses"].keys() <= {"200", "503"}


def test_a_crowd_is_answered_or_asked_to_come_back(app):
    song = classify_body(clips.mp3())
    samples = load.run_clients(app.api_url, song, clients=80, requests=160)
    assert load.summarise(samples)["statuses"].keys() <= {"200", "503"}
    (after,) = load.run_clients(app.api_url, song, clients=1, requests=1)
    assert after.answer.status == 200


@pytest.mark.parametrize("name", ["wav", "mp3"])
def test_five_times_as_many_as_it_can_answer_do_not_break_it(app, name):
    found = crowd.measure(app, classify_body(crowd.RECORDINGS[name]()), seconds=3)
    assert found["statuses"].keys() <= {"200", "429", "503"}
    assert found["statuses"]["200"] > 0
    assert found["gateway_peak_mb"] < 400


def test_requests_leave_at_their_rate(app):
    samples = load.run_phases(app.api_url, WHISTLE, [plans.Phase(2, 1), plans.Phase(5, 1)])
    assert [sample.start for sample in samples] == [0, 0.5, 1, 1.2, 1.4, 1.6, 1.8]
    assert load.summarise(samples)["by_rate"]["5"]["statuses"] == {"200": 5}


def test_an_api_that_is_gone_is_counted_and_does_not_end_the_test():
    samples = load.run_clients("http://127.0.0.1:1", WHISTLE, clients=1, requests=2)
    assert load.summarise(samples)["statuses"] == {"0": 2}


@pytest.mark.parametrize(("name", "requests"), [("test1", 18_120), ("test2", 100_000)])
def test_the_plans_send_as_many_requests_as_the_report_did(name, requests):
    assert (
        sum(len(phase.starts()) for phase in plans.ARRIVALS[name])
        == plans.REPORT[name]["requests"]
        == requests
    )


def test_a_shortened_plan_keeps_the_rates():
    assert plans.shortened("test1", 300) == [
        plans.Phase(rate, min(300, 120 if rate == 1 else 600)) for rate in (1, 5, 10, 15)
    ]


def test_the_benchmark_writes_the_stages_of_an_answer(app, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    bench.main(["--url", app.api_url, "--requests", "3"])
    medians = json.loads((tmp_path / "bench.json").read_text())["medians_ms"]
    assert list(medians) == ["decode", "spectrogram", "endpoint", "rest", "whole"]
    assert min(medians.values()) > 0
    assert (tmp_path / "bench.png").stat().st_size > 0


def test_the_rest_is_what_no_stage_took():
    answers = [
        Answer(200, 100 + i, {"decode": 40, "spectrogram": 30, "endpoint": 20}) for i in range(3)
    ]
    assert bench.medians(answers) == {
        "decode": 40,
        "spectrogram": 30,
        "endpoint": 20,
        "rest": 11,
        "whole": 101,
    }


def test_server_timing_is_read_by_stage():
    assert stages("decode;dur=41.2, total;dur=103") == {"decode": 41.2, "total": 103.0}


def test_latencies_are_summed_up_as_in_the_report():
    wanted = {"min": 1.0, "median": 51.0, "p95": 96.0, "p99": 100.0, "max": 100.0}
    assert results.summary([float(i) for i in range(100, 0, -1)]) == wanted


def test_the_clip_is_an_mp3_and_always_the_same():
    clip = clips.mp3()
    assert clip == clips.mp3()
    assert 70_000 < len(clip) < 90_000  # 5 s of 128 kbit/s.


def test_the_simulation_scales_out_when_the_report_did():
    seconds = fleet.simulate(plans.ARRIVALS["test1"], PRESETS["report-70"].scaling)
    simulated, reported = fleet.changes(seconds), simulate.report_changes("test1")
    assert (
        [count for _, count in simulated] == [count for _, count in reported] == [2, 3, 4, 3, 2, 1]
    )
    assert simulated[:2] == reported[:2]


def test_the_second_policy_stays_at_two_instances_at_20_requests_a_second():
    seconds = fleet.simulate([plans.Phase(20, 3_000)], PRESETS["report-300"].scaling)
    assert [one.instances for one in seconds[::600]][:5] == [1, 2, 2, 2, 2]
    assert seconds[2_999].cpu == 200
