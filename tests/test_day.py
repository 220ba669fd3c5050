"""The simulated day: its traffic, and what each way to host the model makes of it."""

import json

import pytest

from infra.endpoint.presets import PRESETS
from loadtests import day, fleet, results


def test_a_day_has_all_its_clips_and_a_morning():
    rates = [day.rate(second, 86_400) for second in range(0, day.SECONDS_A_DAY, 60)]
    assert sum(rates) * 60 == pytest.approx(86_400, rel=0.01)
    assert max(rates) == day.rate(6.5 * 3_600, 86_400) == pytest.approx(3)
    assert min(rates) > 0


def test_what_starts_on_demand_costs_nothing_where_nobody_asks():
    assert day.day("lambda", 1).dollars < 0.001
    assert day.day("requests", 1).dollars == pytest.approx(73, abs=1)


@pytest.mark.parametrize("name", ["serverless", "lambda"])
def test_few_clips_mostly_find_nothing_warm(name):
    assert day.cold_share(100) > 0.2 > day.cold_share(10_000)
    assert day.day(name, 100).p95_seconds > 2 > day.day(name, 100_000).p95_seconds


def test_serverless_loses_who_waits_for_its_start_and_a_lambda_does_not():
    assert day.day("serverless", 100).lost > 0.2
    assert day.day("lambda", 100).lost == 0


def test_four_instances_are_not_enough_for_ten_million_clips():
    assert day.day("requests", 10_000).lost == 0
    assert day.day("requests", 10_000_000).lost > 0.1


def test_a_preset_that_counts_requests_scales_by_them():
    machine = fleet.Fleet(PRESETS["requests"].scaling, fleet.Machine(2, 6))
    counts = [machine.step(second, 15).instances for second in range(900)]
    assert (counts[0], counts[-1]) == (1, 2)  # 900 a minute, of 600 an instance.


def test_the_table_is_written(tmp_path, monkeypatch, capsys):
    chosen = {name: PRESETS[name] for name in ("serverless", "lambda")}
    monkeypatch.setattr(day, "PRESETS", chosen)
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    assert day.main(["--clips", "100", "1000"]) == 0
    rows = json.loads((tmp_path / "day.json").read_text())["rows"]
    assert [(row["hosting"], row["clips"]) for row in rows] == [
        ("serverless", 100),
        ("lambda", 100),
        ("serverless", 1000),
        ("lambda", 1000),
    ]
    assert "1,000 clips a day  lambda" in capsys.readouterr().out
