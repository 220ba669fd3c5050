"""training.compare: rows of a results table, each kept when its run ends."""

import json

import pytest

from training import compare


@pytest.fixture
def runs(monkeypatch):
    """The runs that were asked for; each answers a row at once. Training itself is tested in test_train.py."""
    asked = []

    def row(architecture, seed, options):
        asked.append((architecture, seed, options.minutes))
        score = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 100}
        numbers = {
            "minutes": 12.0,
            "windows_seen": 9_000,
            "parameters": 8_000,
            "multiplications": 7_000,
        }
        scores = dict.fromkeys(compare.SCORES, score)
        return {
            "architecture": architecture,
            "seed": seed,
            **numbers,
            "window_ms": 3.0,
            "command": "-",
            **scores,
        }

    monkeypatch.setattr(compare, "run", row)
    return asked


def call(folder, *names):
    options = ["--recordings", "-", "--output", str(folder), "--minutes", "3", "--seeds", "1", "2"]
    return compare.main([*options, "--architectures", *names])


def test_second_call_makes_only_the_rows_that_are_missing(runs, tmp_path):
    assert call(tmp_path, "default") == 0
    assert call(tmp_path, "default", "deep") == 0
    assert runs == [("default", 1, 3.0), ("default", 2, 3.0), ("deep", 1, 3.0), ("deep", 2, 3.0)]
    assert len(json.loads((tmp_path / "results.json").read_text())) == 4


def test_table_has_a_line_a_run_with_its_interval(runs, tmp_path):
    call(tmp_path, "default")
    lines = [
        line
        for line in (tmp_path / "README.md").read_text().splitlines()
        if line.startswith("| default")
    ]
    assert len(lines) == len(runs) == 2
    assert "50.0 % (40.0 % to 60.0 %, n = 100)" in lines[0]
    assert (tmp_path / "results.png").stat().st_size > 1_000
