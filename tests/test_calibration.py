"""training/source_dir: from probabilities to confidences and thresholds that keep promises."""

from dataclasses import replace

import numpy as np
import pytest

from birdapp.chalicelib.pooling import BIRD, PooledWindow, PoolingRule, Species, pool


def recording(code, chances, truth=0, another=0.0):
    none = np.zeros(len(chances))
    return code.answers.Recording(np.array(chances), none + 1, none + another, truth)


@pytest.mark.parametrize("exponent", [1, 2, 4])
@pytest.mark.parametrize("rivals", [1e-4, 0.3])
def test_calibration_gives_the_best_species_the_probability_that_the_app_shows(
    code, exponent, rivals
):
    random = np.random.default_rng(exponent)
    parts = [random.uniform(0.3, 0.9, (3, 1)), random.uniform(0, rivals, (3, 11))]
    chances = np.concatenate(parts, axis=1)
    points = code.curves.curve((1.3, 0.9))
    scores = code.answers.score(recording(code, chances), exponent, 0.5)
    confidences = np.interp([scores], code.curves.POINTS, points)
    expected = code.answers.share_out(confidences).max()
    curve = tuple(zip(code.curves.POINTS, points, strict=True))
    names = [f"Species {place}" for place in range(12)]
    judged = [
        PooledWindow(BIRD, [Species(name, name, p) for name, p in zip(names, row, strict=True)])
        for row in chances
    ]
    _, species = pool(judged, PoolingRule(exponent, 20, curve, 0.5))
    assert species[0].probability == pytest.approx(expected, abs=1e-3)


def test_curve_makes_what_is_shown_as_likely_as_it_is_right(code):
    clear, rivals = [[0.6, 0.05, 0.05]], [[0.6, 0.55, 0.05]]
    kinds = [(clear, 0)] * 66 + [(clear, 1)] * 4 + [(rivals, 0)] * 18 + [(rivals, 1)] * 12
    found = [recording(code, chances, truth) for chances, truth in kinds]
    exponent, points = code.calibrate._pooling(found, 0.5, 3)
    scores = np.array([code.answers.score(one, exponent, 0.5) for one in found])
    confidences = np.interp(scores, code.curves.POINTS, points)
    shown = code.answers.share_out(confidences).max(axis=1)
    assert shown.mean() == pytest.approx(0.84, abs=0.04)


@pytest.mark.parametrize(
    ("truths", "right", "expected"),
    [
        ("listed", [True] * 100, 0.3),
        # Half are wrong below 0.5: 92 % of what is left must be right.
        ("listed", [False] * 50 + [True] * 50, 0.455),
        # 10 % are promised; of 33 recordings, a deviation less.
        ("other", [False] * 100, 0.955),
        ("no_bird", [False] * 100, 0.965),
    ],
)
def test_bird_is_said_from_where_its_promises_hold(code, truths, right, expected):
    confidences = np.append(np.arange(100) / 100, 0.995)
    names = np.array([truths] * 100 + ["listed"])
    kinds = code.promises.Kinds(names == "listed", names == "no_bird")
    found = code.promises.bird_threshold(confidences, np.append(right, True), kinds)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(("strange", "expected"), [(3, 0.3), (4, 0.955)])
def test_one_strange_clip_in_all_its_copies_does_not_rule_where_there_are_few(
    code, strange, expected
):
    strangers = [np.full(strange, 0.95), np.zeros(30 - strange)]
    confidences = np.concatenate([np.full(100, 0.97), *strangers])
    known = np.arange(130) < 100
    kinds = code.promises.Kinds(known, ~known)
    found = code.promises.bird_threshold(confidences, np.ones(130, bool), kinds)
    assert found == pytest.approx(expected)


def test_bird_that_sings_in_one_window_of_twelve_is_judged_by_that_one(code):
    chances = np.zeros((12, 2))
    chances[7, 1] = 0.9
    assert code.answers.own_score(recording(code, chances), 0.2, 1, 0.5) == pytest.approx([0, 0.9])


def test_windows_without_a_bird_do_not_count_for_any_species(code):
    found = code.answers.Recording(np.full((2, 2), 0.9), np.array([0.1, 0.2]), np.zeros(2), 0)
    assert not code.answers.own_score(found, 0.2, 1, 0.5).any()


def birds(code, cases):
    """Learn `birds` from single recordings of one window: (chances, the truth or None, another)."""
    listed = len(cases[0][0])
    found = [
        code.several.Case(
            recording(code, [chances], listed if truth is None else truth, *another),
            frozenset() if truth is None else frozenset({truth}),
        )
        for chances, truth, *another in cases
    ]
    known = np.array([truth is not None for _, truth, *_ in cases])
    return code.several.learn(found, 0.5, code.promises.Kinds(known, np.zeros(len(cases), bool)))


def test_certain_is_said_from_where_nine_in_ten_entries_are_right(code):
    right = [([score, 0.0], 0) for score in np.linspace(0.6, 0.99, 60)]
    wrong = [([0.0, score], 0) for score in np.linspace(0.25, 0.6, 60)]
    settings = birds(code, right + wrong)
    points = np.array(settings["calibration"])
    confidence = np.interp([0.45, 0.8], points[:, 0], points[:, 1])
    assert confidence[0] < settings["certain"] <= confidence[1]


def test_unlisted_species_in_many_a_certain_entry_raise_what_is_certain(code):
    known = [([score, 0.0], 0) for score in np.linspace(0.6, 0.99, 100)]
    strangers = [([0.85, 0.0], None) for _ in range(10)]
    quiet = [([0.0, 0.0], None) for _ in range(30)]
    low, high = (birds(code, known + more)["certain"] for more in (quiet, strangers + quiet))
    assert high > low


def test_unknown_bird_is_said_of_few_listed_recordings(code):
    settings = birds(code, [([score, 0.0], 0) for score in np.linspace(0.3, 0.99, 200)])
    points = np.array(settings["calibration"])
    confidences = np.interp(np.linspace(0.3, 0.99, 200), points[:, 0], points[:, 1])
    assert (confidences < settings["unknown"]).mean() <= 0.05


def test_another_bird_is_said_of_few_listed_recordings_and_of_most_others(code):
    others = np.random.default_rng(0).permutation(np.linspace(0, 0.9, 200))
    scores = np.linspace(0.3, 0.99, 200)
    known = [([score, 0.0], 0, other) for score, other in zip(scores, others, strict=True)]
    settings = birds(code, known + [([0.2, 0.0], None, 0.9)] * 40)
    points = np.array(settings["calibration"])
    best = np.interp(scores, points[:, 0], points[:, 1])
    assert 0.02 <= (others - best > settings["another"]).mean() <= 0.05
    assert 0.9 - np.interp(0.2, points[:, 0], points[:, 1]) > settings["another"]


def test_windows_without_a_bird_do_not_say_that_another_sings(code):
    found = code.answers.Recording(
        np.zeros((3, 2)), np.array([0.9, 0.9, 0.1]), np.array([0.6, 0.8, 1.0]), 2
    )
    assert code.answers.another_score(found, 0.5) == pytest.approx(np.sqrt(0.5))
    assert code.answers.another_score(found, 0.95) == 0


def test_overlay_holds_both_birds_and_a_sequence_all_their_windows(code, dataset, images):
    windows = [i for i, row in enumerate(dataset.rows) if row["primary_label"] != "no_bird"]
    mixed = code.several.overlay(images, dataset, windows)
    assert mixed.truths
    assert all(set(pair) == {0, 1} for pair in mixed.truths)
    chances = np.full((len(mixed.images), len(dataset.classes)), 0.5)
    found = code.answers.recordings(dataset, windows, np.full((len(windows), 4), 0.5))
    cases = code.several.cases(found, mixed, chances, 2)
    assert len(cases) == len(found) + 2 * len(mixed.truths)
    assert cases[-1].truths == {0, 1}
    assert len(cases[-1].recording.bird) == 4


def network(images, **_):
    """Play a network of the tiny dataset, with a logit for each quarter of the bands."""
    return images.mean(axis=2)[:, :80:20] / 20


def parts_of(dataset, code, recordings):
    """The dataset with some recordings to calibrate on, and the others to learn from."""
    rows = [
        {**row, "part": "calibration" if row["recording_id"] in recordings else "train"}
        for row in dataset.rows
    ]
    return replace(dataset, rows=rows)


def test_predictions_of_two_folds_calibrate_as_those_of_one_network(
    code, dataset, images, tmp_path
):
    names = list(dict.fromkeys(row["recording_id"] for row in dataset.rows))
    for number, half in enumerate((names[::2], names[1::2])):
        fold = parts_of(dataset, code, half)
        made = code.calibrate.hear(network, fold, images, code.front.MEL)
        code.predictions.write(tmp_path / f"fold-{number}" / "made.npz", made, fold)
    joined = code.predictions.read(tmp_path, dataset)
    assert sorted(joined.indices) == list(range(len(dataset.rows)))
    whole = code.calibrate.predict(network, images, joined.indices)
    assert joined.copies[0] == pytest.approx(whole, abs=1e-4)
    alone = [
        one
        for one in code.answers.recordings(dataset, joined.indices, joined.copies[0])
        if one.truth < 2
    ]
    for pair, truths in zip(joined.mixed.places, joined.mixed.truths, strict=True):
        assert tuple(alone[place].truth for place in pair) == truths
    assert max(row for rows in joined.mixed.rows for row in rows) == len(joined.over) - 1
    assert set(code.calibrate.calibrate(dataset, joined).birds) >= {"certain", "unknown"}


def test_predictions_of_another_dataset_are_refused(code, dataset, images, tmp_path):
    with pytest.raises(ValueError, match="expected predictions, such as"):
        code.predictions.read(tmp_path, dataset)
    made = code.calibrate.hear(network, dataset, images, code.front.MEL)
    code.predictions.write(tmp_path / "made.npz", made, dataset)
    other = replace(dataset, rows=dataset.rows[::-1])
    with pytest.raises(ValueError, match="expected predictions of this dataset"):
        code.predictions.read(tmp_path, other)


def test_network_that_hears_nothing_has_a_rule_of_birds_all_the_same(code):
    settings = birds(code, [([0.0, 0.0], truth) for truth in (0, 1, None)])
    assert settings["calibration"][0] == [0, 0]
    assert settings["certain"] == code.promises.HIGHEST
