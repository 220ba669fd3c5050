"""The report's path, replayed: its parts answer as it did, and are compared in turn with ours."""

import base64

import numpy as np
import pytest
import sounds

from loadtests import baseline, clips, report_parts
from loadtests.app import classify_body


def test_the_reports_spectrogram_is_its_216_by_514_in_floats():
    pcm = base64.b64encode(sounds.pcm16(np.sin(np.arange(3 * 22_050) / 5) / 2)).decode()
    image = np.array(report_parts.spectrogram_lambda()({"pcm": pcm})["spectrogram"])
    assert image.shape == (216, 514)
    assert (image.min(), image.max()) == (0, 1)


def test_both_paths_answer_in_turn(app, tmp_path, monkeypatch):
    monkeypatch.setattr(baseline, "SATURATE_SECONDS", 1)
    body = classify_body(clips.mp3())
    with baseline.report_path() as url:
        row = baseline.compare({"report": url, "ours": app.api_url}, body, requests=1, rounds=1)
    baseline.draw(row, tmp_path / "baseline.png")
    assert (tmp_path / "baseline.png").stat().st_size > 0
    assert row["times_more_answers"] > 1


def test_a_path_that_refuses_ends_the_comparison(app):
    with pytest.raises(RuntimeError, match="expected 200, got 422"):
        baseline.compare(
            dict.fromkeys(baseline.PATHS, app.api_url),
            classify_body(b"RIFF\0\0\0\0WAVE"),
            requests=1,
            rounds=1,
        )
