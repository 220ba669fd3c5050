"""`make evaluate` on several birds in one recording: made, asked about and scored."""

from pathlib import Path

import numpy as np
import pytest

from spectrogram_fn.spectrogram import SAMPLE_RATE
from training.scores import mixture_jobs, mixture_scores, mixtures
from training.scores.mixture_scores import Answer

LABELS = ["Parus major", "Pica pica"]


def random():
    return np.random.default_rng(1)


def test_both_of_a_sequence_are_equally_loud(tone):
    found = mixtures.sequence(tone(3_000, 2.0, 0.5), tone(1_000, 1.0, 0.001))
    assert found.size == 3 * SAMPLE_RATE
    first, second = found[: 2 * SAMPLE_RATE], found[2 * SAMPLE_RATE :]
    assert mixtures.loudness(second) == pytest.approx(mixtures.loudness(first), rel=0.01)


def test_overlay_holds_both_at_once_and_never_clips(tone):
    found = mixtures.overlay(tone(3_000, 2.0, 0.5), tone(1_000, 1.0, 0.001))
    powers = np.abs(np.fft.rfft(found))
    assert found.size == SAMPLE_RATE
    assert powers[3_000] == pytest.approx(powers[1_000], rel=0.05)
    assert np.abs(found).max() == pytest.approx(mixtures.PEAK)


def test_pauses_do_not_make_a_sound_louder(tone):
    calls = np.concatenate([tone(3_000, 1.0), np.zeros(9 * SAMPLE_RATE, np.float32)])
    assert mixtures.loudness(calls) == pytest.approx(mixtures.loudness(tone(3_000, 1.0)), rel=0.02)


def test_scene_lasts_ten_seconds_and_says_how_loud_each_bird_is(tone):
    birds = [(name, tone(hertz, 1.0)) for name, hertz in zip(LABELS, (4_000, 1_500), strict=True)]
    noise = np.random.default_rng(2).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    made, same = (mixtures.scene(birds, noise, random()) for _ in range(2))
    assert made.samples.size == 10 * SAMPLE_RATE
    assert made.levels["Parus major"] == 0
    assert -30 <= made.levels["Pica pica"] < 0
    assert np.array_equal(made.samples, same.samples)


def test_pairs_are_of_two_species_and_scenes_hold_no_species_twice():
    listed = [(Path(f"{label}/{n}.wav"), label) for label in LABELS for n in range(5)]
    pairs = list(mixture_jobs.pairs_of(listed, Path("model"), random(), 20))
    assert len(pairs) == 2 * 20
    assert all(len({label for _, label in job.sources}) == 2 for job in pairs)
    material = mixture_jobs.Material(listed, listed, [(Path("rain.wav"), "no_bird")])
    scenes = list(mixture_jobs.scenes_of(material, Path("model"), random(), 25))
    assert len(scenes) == 25
    assert all(len({label for _, label in job.sources}) == len(job.sources) for job in scenes)


def test_few_recordings_make_few_mixtures():
    listed = [(Path(f"{label}.wav"), label) for label in LABELS]
    assert len(list(mixture_jobs.pairs_of(listed, Path("model"), random()))) == 2
    material = mixture_jobs.Material(listed, listed, [(Path("rain.wav"), "no_bird")])
    assert len(list(mixture_jobs.scenes_of(material, Path("model"), random(), 300))) == 6


def answer(kind, levels, certain=(), *, verdict="bird", likely=()):
    entries = [(name, 0.95, True) for name in certain] + [(name, 0.6, False) for name in likely]
    return Answer(kind, dict.fromkeys(levels, 0.0), verdict, entries)


def test_recordings_of_one_bird_are_scored_by_what_is_certain():
    found = [
        answer("alone", ["Parus major"], ["Parus major"]),
        answer("alone", ["Parus major"], ["Pica pica"]),
        answer("alone", ["Pica pica"], verdict="unknown_bird", likely=["Pica pica"]),
        answer("alone", ["Cuculus canorus"], verdict="unknown_bird"),
        answer("alone", [], ["Pica pica"]),
    ]
    scores = mixture_scores.summarise_alone(found, LABELS)
    assert scores["certain_entries_right"]["value"] == 0.5
    assert scores["listed_with_their_bird_certain"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert scores["others_with_a_certain_entry"]["value"] == 0
    assert scores["no_bird_with_a_certain_entry"]["value"] == 1
    assert scores["unknown_bird_said_of_others"]["value"] == 1
    assert scores["unknown_bird_said_of_listed"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert scores["calibration_of_entries"]["entries"] == 3
    assert scores["calibration_of_entries"]["low"] <= scores["calibration_of_entries"]["value"]


@pytest.mark.parametrize(
    ("certain", "one", "both", "wrong"),
    [(LABELS, 1, 1, 0), (LABELS[:1], 1, 0, 0), ([*LABELS, "Strix aluco"], 1, 1, 1), ([], 0, 0, 0)],
)
def test_overlays_are_scored_by_who_is_certain(certain, one, both, wrong):
    found = [answer("overlay", LABELS, certain)]
    scores = mixture_scores.summarise(found)["overlays"]
    values = [scores[name]["value"] for name in scores]
    assert values == [one, both, wrong]


def test_scenes_are_scored_by_level_and_by_number_of_birds():
    levels = {"Parus major": 0.0, "Pica pica": -15.0}
    found = [Answer("scene", levels, "bird", [("Parus major", 0.9, True)])]
    scores = mixture_scores.summarise(found)["scenes"]
    assert scores["certain_names_right"]["value"] == 1
    assert scores["birds_named_by_level"]["-1 to 0 dB"]["value"] == 1
    assert scores["birds_named_by_level"]["-20 to -10 dB"]["value"] == 0
    assert scores["birds_named_by_number"]["2"]["value"] == 0.5
