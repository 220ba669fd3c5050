"""training/evaluate.py: which recordings a model is asked about."""

import csv

import pytest

from training import evaluate

PARTS = {
    "Parus_major/1.ogg": "train",
    "Parus_major/2.ogg": "calibration",
    "Pica_pica/3.ogg": "test",
}


@pytest.fixture
def model(tmp_path):
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("recording_id", "part"), *PARTS.items()])
    return tmp_path


def asked(root, model, names):
    pairs = evaluate.held_back([(root / name, "") for name in names], model)
    return [str(path.relative_to(root)) for path, _ in pairs]


def test_model_is_asked_about_the_held_back_part_and_about_strangers(tmp_path, model):
    names = [*PARTS, "Pica_pica/stranger.wav"]
    assert asked(tmp_path, model, names) == ["Pica_pica/3.ogg", "Pica_pica/stranger.wav"]


def test_same_recording_in_another_format_is_no_stranger(tmp_path, model):
    assert asked(tmp_path, model, ["Parus_major/1.mp3"]) == []
