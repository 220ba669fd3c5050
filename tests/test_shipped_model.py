"""training/model: what ships keeps the promises of its card, and its files belong together."""

import csv
import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.sounds import make_wav, pcm16
from training.data.grouping import person_keys
from training.scores.asking import classify

SHIPPED = Path(__file__).parent.parent / "training" / "model"
MODEL = json.loads((SHIPPED / "constants.json").read_text("utf-8"))
RATE = 22_050
RANDOM = np.random.default_rng(7)
SECONDS = np.arange(5 * RATE) / RATE


@pytest.fixture(scope="module")
def evaluation():
    return json.loads((SHIPPED / "evaluation.json").read_text())


@pytest.fixture(scope="module")
def manifest():
    with (SHIPPED / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pink(count):
    spectrum = np.fft.rfft(RANDOM.standard_normal(count))
    return np.fft.irfft(spectrum / np.sqrt(np.arange(1, spectrum.size + 1)), count)


def hum(hertz):
    return sum(np.sin(2 * np.pi * hertz * n * SECONDS) / n for n in range(1, 8))


NOT_BIRDS = {
    "white noise": RANDOM.standard_normal(5 * RATE),
    "pink noise": pink(5 * RATE),
    "mains hum": hum(50) + 0.01 * RANDOM.standard_normal(5 * RATE),
    "mains hum of 60 Hz": hum(60),
    "a tone": np.sin(2 * np.pi * 1_000 * SECONDS),
    "a high tone": np.sin(2 * np.pi * 4_000 * SECONDS),
    "a siren": np.sin(
        2 * np.pi * (900 * SECONDS - 300 / (2 * np.pi * 0.5) * np.cos(2 * np.pi * 0.5 * SECONDS))
    ),
    "one loud click": np.where(
        np.arange(5 * RATE) == 40_000, 100.0, RANDOM.standard_normal(5 * RATE) * 0.1
    ),
}


@pytest.mark.parametrize("name", NOT_BIRDS)
def test_what_is_no_bird_is_not_called_one(tmp_path, name):
    sound = NOT_BIRDS[name]
    (tmp_path / "clip.wav").write_bytes(make_wav(pcm16(0.5 * sound / np.abs(sound).max())))
    assert classify(tmp_path / "clip.wav", SHIPPED)["verdict"] != "bird"


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("voice", ["en", "de", "it", "fr"])
def test_speech_is_not_called_a_bird(tmp_path, voice):
    text = "Here I stand in the woods and hear nothing but the wind, the road, and my own two feet."
    subprocess.run(["espeak-ng", "-v", voice, "-w", tmp_path / "clip.wav", text], check=True)
    assert classify(tmp_path / "clip.wav", SHIPPED)["verdict"] != "bird"


@pytest.mark.parametrize("sound", ["Rain", "Dog bark"])
def test_clips_of_rain_and_dogs_were_not_called_birds_by_who_had_not_heard_them(
    recordings, evaluation, sound
):
    with (recordings / "no_bird" / "metadata.csv").open(newline="") as file:
        files = {row["filename"] for row in csv.DictReader(file) if row["sound"] == sound}
    verdicts = [row[2] for row in evaluation["results"] if row[0] in files]
    assert verdicts
    assert "bird" not in verdicts


def test_enough_was_held_back_to_judge_by(evaluation):
    counts = [species["top1"]["n"] for species in evaluation["species"]]
    assert evaluation["recordings"]["listed"] >= 150
    assert min(counts) >= 3


def test_scores_are_far_above_chance(evaluation):
    top1 = evaluation["listed"]["top1"]
    assert top1["value"] >= 0.5
    assert top1["low"] > 5 * evaluation["listed"]["chance"]
    assert evaluation["verdicts"]["bird_said_of_listed"]["value"] >= 0.5


def test_promises_of_the_card_hold_on_what_was_held_back(evaluation):
    shares = {name: score["value"] for name, score in evaluation["verdicts"].items()}
    assert shares["right_when_bird_said_of_listed"] >= 0.9
    assert shares["bird_said_of_listed"] >= 0.6
    assert shares["bird_said_of_other_species"] <= 0.15
    assert shares["bird_said_of_no_bird"] <= 0.02


def test_probabilities_mean_what_they_say(evaluation):
    calibration = evaluation["calibration"]
    assert calibration["windows"]["value"] <= 0.05
    assert calibration["recordings"]["value"] <= calibration["perfect_recordings_95"]


def test_every_recording_that_it_learnt_from_was_scored_once_by_who_had_not(evaluation, manifest):
    assert {row["part"] for row in manifest} == {"train"}
    assert evaluation["command"] == "make cross-validate"
    scored = Counter(row[0] for row in evaluation["results"])
    assert scored == Counter("/".join(row["recording_id"].split("/")[-2:]) for row in manifest)


def test_shipped_model_knows_what_it_learnt_from(recordings, evaluation):
    """Its files belong together: another network's weights would not."""
    rows = [row for row in evaluation["results"] if row[1] in MODEL["labels"]][::40]
    best = [classify(recordings / row[0], SHIPPED)["species"][0]["scientific_name"] for row in rows]
    hits = sum(name == row[1] for name, row in zip(best, rows, strict=True))
    assert hits >= 0.9 * len(rows)


def test_no_recordist_is_in_two_parts(manifest):
    parts = {}
    for row in manifest:
        if row["recordist"]:
            name = " ".join(sorted(person_keys(row["recordist"]), key=len)[-1:])
            parts.setdefault(name, set()).add(row["part"])
    assert [name for name, found in parts.items() if len(found) > 1] == []


def test_manifest_names_what_the_card_counts(manifest):
    card = (SHIPPED / "MODEL_CARD.md").read_text()
    for part, count in Counter(row["part"] for row in manifest).items():
        assert f"| {part} | {count} |" in card
    assert "non-commercial" in card


def test_network_is_under_two_megabytes_and_the_folder_under_eight():
    assert (SHIPPED / "model.tflite").stat().st_size < 2_000_000
    assert (SHIPPED / "browser.tflite").stat().st_size < 2_000_000
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= 8_000_000
