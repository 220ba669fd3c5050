"""The verdicts and the pooling rule, against the shared table and a slow oracle."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birdapp.chalicelib.model import Model, Prediction
from birdapp.chalicelib.pooling import PooledWindow, PoolingRule, Species, cut, pool
from birdapp.chalicelib.response import build_answer, judge_windows
from birdapp.chalicelib.spectrogram_client import Spectrograms, Window

TABLE = json.loads((Path(__file__).parent / "pooling_cases.json").read_text(encoding="utf-8"))
IDENTITY = ((0.0, 0.0), (1.0, 1.0))
LABELS = ["Turdus merula", "Parus major", "Strix aluco"]
NAMES = ["Common Blackbird", "Great Tit", "Tawny Owl"]


def rule(exponent=1, calibration=IDENTITY, bird_threshold=0.6):
    return PoolingRule(exponent, 20, tuple(map(tuple, calibration)), bird_threshold)


def pooled_window(verdict, species):
    return PooledWindow(verdict, [Species(*one) for one in species])


@pytest.mark.parametrize("case", TABLE["cases"], ids=[case["name"] for case in TABLE["cases"]])
def test_pooling_case(case):
    parameters = case["pooling"]
    case_rule = rule(
        parameters["exponent"], parameters["calibration"], parameters["bird_threshold"]
    )
    windows = [pooled_window(window["verdict"], window["species"]) for window in case["windows"]]

    verdict, species = pool(windows, case_rule)

    assert {"verdict": verdict, "species": [list(one) for one in species]} == case["expected"]


def test_the_table_is_rich_and_its_names_are_unique():
    names = {case["name"] for case in TABLE["cases"]}
    assert len(names) == len(TABLE["cases"]) >= 15
    assert {case["expected"]["verdict"] for case in TABLE["cases"]} == {"bird", "unsure", "no_bird"}


probabilities = st.integers(0, 10_000).map(lambda number: number / 10_000)
lists = st.dictionaries(st.sampled_from(LABELS), probabilities, min_size=1)
recordings = st.lists(
    st.tuples(st.sampled_from(["bird", "unsure", "no_bird"]), lists), min_size=1, max_size=13
)


@settings(deadline=None, max_examples=150)
@given(recordings, st.sampled_from([1, 2, 4]))
def test_pooling_agrees_with_a_slow_oracle(recording, exponent):
    windows = [
        PooledWindow(verdict, [Species(n, n, p) for n, p in species.items()])
        for verdict, species in recording
    ]

    _, species = pool(windows, rule(exponent))

    expected = slow_pool(recording, exponent)
    assert {one.scientific_name for one in species} == set(expected)
    assert all(
        abs(Decimal(one.probability) - expected[one.scientific_name]) < Decimal("0.00011")
        for one in species
    )
    assert sum(one.probability for one in species) <= 1 + 1e-9
    assert species == sorted(species, key=lambda one: (-one.probability, one.scientific_name))


def slow_pool(recording, exponent):
    """Power means in decimal, by the definition, without calibration: {name: probability}."""
    counted = [species for verdict, species in recording if verdict != "no_bird"] or [
        list_ for _, list_ in recording
    ]
    scores = {}
    for name in {name for species in counted for name in species}:
        powers = [Decimal(species.get(name, 0)) ** exponent for species in counted]
        scores[name] = (sum(powers) / len(powers)) ** (Decimal(1) / exponent)
    if sum(scores.values()) <= 1:
        return scores
    odds = {name: score / max(1 - score, Decimal("1e-12")) for name, score in scores.items()}
    least = {name: min(score, odds[name] / sum(odds.values())) for name, score in scores.items()}
    part = (1 - sum(least.values())) / (sum(scores.values()) - sum(least.values()))
    return {name: least[name] + (score - least[name]) * part for name, score in scores.items()}


@pytest.mark.parametrize(
    ("confidences", "expected"),
    [
        ((0.9, 0.3, 0.2), 0.9),
        ((0.9, 0.9, 0.0), 0.5),
        ((0.7, 0.2, 0.1), 0.7),
        ((1.0, 0.6, 0.6), 1.0),
    ],
)
def test_clear_best_keeps_its_confidence_and_equals_share(confidences, expected):
    listed = [Species(name, name, chance) for name, chance in zip(LABELS, confidences, strict=True)]
    lifted = ((0.0, 0.0), (0.999, 0.999), (1.0, 1.0))
    _, species = pool([PooledWindow("bird", listed)], rule(calibration=lifted))
    assert species[0].probability == pytest.approx(expected, abs=2e-4)
    assert sum(one.probability for one in species) <= 1


@given(probabilities)
def test_four_decimals_survive_the_cut(probability):
    assert cut(probability) == probability


@given(st.floats(0, 1))
def test_the_cut_takes_less_than_one_ten_thousandth_and_adds_next_to_nothing(probability):
    assert -1.1e-10 <= probability - cut(probability) < 1e-4


def model(**changes):
    pooling = {"rule": "power_mean", "exponent": 1}
    fields = {
        "names": NAMES,
        "labels": LABELS,
        "version": "1",
        "bird_threshold": 0.6,
        "no_bird_threshold": 0.4,
    }
    return Model(**{**fields, "pooling": pooling, "rule": rule(), **changes})


def window(start=0.0, silent=False):
    return Window(start, start + 5.0, silent, "")


@pytest.mark.parametrize(
    ("best", "bird", "silent", "verdict"),
    [
        (0.9, 0.9, False, "bird"),
        (0.6, 0.4, False, "bird"),
        (0.5999, 0.9, False, "unsure"),
        (0.9, 0.3999, False, "no_bird"),
        (0.9, 0.9, True, "no_bird"),
        (0.01, 0.01, False, "no_bird"),
    ],
)
def test_window_verdict(best, bird, silent, verdict):
    prediction = Prediction(model(), [[best, 0.0, 0.0]], [bird])
    assert judge_windows([window(silent=silent)], prediction)[0].verdict == verdict


@pytest.mark.parametrize(("silent", "verdict"), [(False, "unsure"), (True, "no_bird")])
def test_model_without_bird_output_says_no_bird_only_in_silence(silent, verdict):
    prediction = Prediction(model(), [[0.0, 0.0, 0.0]], None)
    assert judge_windows([window(silent=silent)], prediction)[0].verdict == verdict


def test_a_window_lists_no_more_species_than_the_model_says():
    short = model(rule=PoolingRule(1, 2, IDENTITY, 0.6))
    judged = judge_windows([window()], Prediction(short, [[0.1, 0.2, 0.3]], [0.9]))
    assert [one.scientific_name for one in judged[0].species] == ["Strix aluco", "Parus major"]


def two_windows(top):
    spectrograms = Spectrograms(10.0, [window(0.0), window(5.0)])
    return build_answer(
        spectrograms, Prediction(model(), [[0.7, 0.2, 0.0], [0.1, 0.5, 0.2]], [0.9, 0.9]), top
    )


def test_top_shortens_every_list_but_not_what_is_pooled():
    whole, short = two_windows(20), two_windows(1)
    assert short["species"] == whole["species"][:1]
    assert [len(one["species"]) for one in short["windows"]] == [1, 1]
    assert short["verdict"] == whole["verdict"]


def test_a_client_can_join_the_parts_of_an_answer():
    whole = json.loads(json.dumps(two_windows(20)))
    windows = [
        pooled_window(one["verdict"], [tuple(s.values()) for s in one["species"]])
        for one in whole["windows"]
    ]
    verdict, species = pool(windows, rule())
    assert (verdict, [one._asdict() for one in species]) == (whole["verdict"], whole["species"])


def test_the_answer_hands_on_the_models_version_and_pooling_unchanged():
    answer = two_windows(5)
    assert (answer["model"], answer["pooling"]) == ("1", {"rule": "power_mean", "exponent": 1})
    assert answer["audio_seconds"] == 10.0
