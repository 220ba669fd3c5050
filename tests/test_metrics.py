"""training/scores/metrics.py: shares, intervals, F1, calibration errors worked out by hand."""

import numpy as np
import pytest

from training.scores import metrics

LABELS = ["Parus major", "Pica pica"]


def result(truth, best, probability=0.9, verdict="bird"):
    other = LABELS[1 - LABELS.index(best)]
    ranked = [(best, probability), (other, round(1 - probability, 4))]
    return metrics.Result(f"{truth}/1.ogg", truth, verdict, ranked, [(best, probability)])


def test_share_gives_wilsons_interval():
    # Worked out with the formula of Wilson (1927) for 8 of 10.
    assert metrics.share([True] * 8 + [False] * 2) == {
        "value": 0.8,
        "low": 0.4902,
        "high": 0.9433,
        "n": 10,
    }


def test_share_of_nothing_is_none_and_not_zero():
    assert metrics.share([])["value"] is None


def test_macro_f1_counts_each_true_species_alike():
    results = [result("Parus major", "Parus major")] * 3 + [result("Pica pica", "Parus major")]
    assert metrics.macro_f1(results) == pytest.approx((6 / 7 + 0) / 2)


def test_calibration_error_of_a_boaster_is_what_he_adds():
    confidences, right = np.full(100, 0.9), np.arange(100) % 2.0
    assert metrics.calibration_error(confidences, right) == pytest.approx(0.4)


def test_perfect_model_stays_below_its_own_limit():
    random = np.random.default_rng(1)
    confidences = random.random(400)
    right = (random.random(400) < confidences).astype(float)
    assert metrics.calibration_error(confidences, right) < metrics.perfect_error(confidences)


def test_summary_keeps_other_species_and_empty_clips_apart():
    results = [
        result("Parus major", "Parus major"),
        result("Strix aluco", "Pica pica", 0.4, "unsure"),
    ]
    summary = metrics.summarise([*results, result("no_bird", "Pica pica", 0.1, "no_bird")], LABELS)
    assert summary["recordings"] == {"listed": 1, "other_species": 1, "no_bird": 1}
    assert summary["verdicts"]["bird_said_of_other_species"]["value"] == 0
    assert summary["verdicts"]["right_when_bird_said_of_listed"]["value"] == 1


def test_worst_species_stand_first_and_untested_ones_last():
    results = [result("Parus major", "Parus major"), result("Parus major", "Pica pica")]
    names = [row["scientific_name"] for row in metrics.summarise(results, LABELS)["species"]]
    assert names == ["Parus major", "Pica pica"]
    assert metrics.summarise(results, LABELS)["species"][0]["taken_for"] == ["Pica pica"]
