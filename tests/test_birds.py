"""The rule of `birds` of docs/contracts.md, against the shared table and what it claims."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birdapp.chalicelib.birds import hear
from birdapp.chalicelib.model import Prediction, parse_model
from birdapp.chalicelib.pooling import PooledWindow, Species
from birdapp.chalicelib.response import build_answer
from birdapp.chalicelib.spectrogram_client import Spectrograms, Window

TABLE = json.loads((Path(__file__).parent / "birds_cases.json").read_text(encoding="utf-8"))
CASES = TABLE["cases"]
LABELS = ["Parus major", "Strix aluco", "Turdus merula"]
NAMES = ["Great Tit", "Tawny Owl", "Common Blackbird"]
POOLING = {
    "rule": "power_mean",
    "exponent": 4,
    "species_per_window": 20,
    "calibration": [[0.0, 0.0], [1.0, 1.0]],
    "bird_threshold": 0.6,
}
RULE = CASES[0]["birds"]


def a_model(**settings_):
    made = {"version": "1", "thresholds": {"bird": 0.6, "no_bird": 0.4}, "pooling": POOLING}
    return parse_model({"labels": LABELS, "names": NAMES, "settings": json.dumps(made | settings_)})


def a_rule(parameters):
    return a_model(birds=parameters).birds_rule


def windows_of(case):
    return [
        PooledWindow(**window | {"species": [Species(*one) for one in window["species"]]})
        for window in case["windows"]
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_birds_case(case):
    rule = a_rule(case["birds"])

    heard = hear(windows_of(case), rule)

    named = [{**entry._asdict(), "spans": list(map(list, entry.spans))} for entry in heard.birds]
    birds = [{**entry, "certain": entry["confidence"] >= rule.certain} for entry in named]
    candidates = [
        {key: value for key, value in entry._asdict().items() if key != "spans"}
        for entry in heard.candidates
    ]
    assert {
        "verdict": heard.verdict,
        "birds": birds,
        "candidates": candidates,
    } == case["expected"]


def test_the_table_has_every_verdict_and_unique_names():
    assert len({case["name"] for case in CASES}) == len(CASES) >= 15
    assert {case["expected"]["verdict"] for case in CASES} == {
        "bird",
        "unknown_bird",
        "unsure",
        "no_bird",
    }


chances = st.integers(0, 10_000).map(lambda number: number / 10_000)
heard_windows = st.lists(
    st.tuples(
        st.sampled_from(["bird", "unsure", "no_bird"]),
        chances,
        st.dictionaries(st.sampled_from(LABELS), chances, min_size=1),
    ),
    min_size=1,
    max_size=9,
)


@settings(deadline=None, max_examples=150)
@given(heard_windows)
def test_no_species_is_both_a_bird_and_a_candidate_and_each_has_its_own_windows(recording):
    windows = [
        PooledWindow(verdict, [Species(n, n, p) for n, p in found.items()], 5.0 * i, 5.0 * i + 5, b)
        for i, (verdict, b, found) in enumerate(recording)
    ]

    heard = hear(windows, a_rule(RULE))

    names = [entry.name for entry in (*heard.birds, *heard.candidates)]
    assert len(set(names)) == len(names)
    for entry in heard.birds:
        own = [
            found[entry.name]
            for verdict, _, found in recording
            if verdict != "no_bird" and found.get(entry.name, 0) >= RULE["heard"]
        ]
        assert sum(end - start for start, end in entry.spans) == 5 * len(own)
        score = (sum(chance**4 for chance in own) / len(own)) ** 0.25
        assert entry.confidence == pytest.approx(score, abs=2e-4)


def a_window(start, *, silent=False):
    return Window(start, start + 5.0, silent, "AA==")


def answer(model, rows, birds=(0.9, 0.9)):
    windows = [a_window(5.0 * place) for place in range(len(rows))]
    found = Spectrograms(5.0 * len(rows), windows)
    return build_answer(found, Prediction(model, rows, list(birds)), 5)


def test_two_birds_at_once_are_both_in_the_answer():
    model = a_model(birds=RULE, independent=True)
    found = answer(model, [[0.95, 0.0, 0.93], [0.95, 0.0, 0.0]])
    assert [(bird["scientific_name"], bird["certain"]) for bird in found["birds"]] == [
        ("Parus major", True),
        ("Turdus merula", True),
    ]
    assert found["birds"][1]["spans"] == [{"start_seconds": 0.0, "end_seconds": 5.0}]
    assert found["pooling"]["birds"] == RULE
    assert [window["bird"] for window in found["windows"]] == [0.9, 0.9]
    assert sum(one["probability"] for one in found["species"]) <= 1


def test_each_window_but_silent_ones_says_that_another_bird_sings():
    windows = [a_window(0.0), a_window(5.0, silent=True), a_window(10.0)]
    rows = [[0.3, 0.0, 0.0]] * 3
    prediction = Prediction(
        a_model(birds=RULE | {"another": 0.4}), rows, [0.9] * 3, [0.81239, 1, 0.8]
    )
    found = build_answer(Spectrograms(15.0, windows), prediction, 5)
    assert [window.get("another") for window in found["windows"]] == [0.8123, None, 0.8]
    assert found["verdict"] == "unknown_bird"


def test_model_without_the_rule_names_its_best_bird():
    found = answer(a_model(), [[0.1, 0.0, 0.8], [0.3, 0.0, 0.6]])
    assert found["verdict"] == "bird"
    (bird,) = found["birds"]
    assert bird["certain"]
    assert bird["confidence"] == found["species"][0]["probability"]
    assert bird["spans"] == [{"start_seconds": 0.0, "end_seconds": 10.0}]
    assert [one["scientific_name"] for one in found["candidates"]] == ["Parus major"]
    assert "birds" not in found["pooling"]


def test_model_without_the_rule_that_is_unsure_names_no_bird():
    found = answer(a_model(), [[0.05, 0.0, 0.4], [0.05, 0.0, 0.3]])
    assert (found["verdict"], found["birds"]) == ("unsure", [])
    assert [one["scientific_name"] for one in found["candidates"]] == ["Turdus merula"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"rule": "loudest"}, "settings.birds.rule"),
        ({"heard": 1.5}, "settings.birds.heard"),
        ({"certain": 0.4}, "candidate <= bird <= certain"),
        ({"candidate": 0.0}, "candidate <= bird <= certain"),
        ({"calibration": [[0.0, 0.1], [1.0, 1.0]]}, "settings.birds.calibration"),
        ({"sings": None}, "settings.birds.sings"),
        ({"unknown": "much"}, "settings.birds.unknown"),
        ({"another": -1.5}, "settings.birds.another"),
        ({"another": None}, "settings.birds.another"),
    ],
)
def test_wrong_setting_of_birds_is_refused(wrong, reason):
    with pytest.raises(ValueError, match=reason):
        a_model(birds=RULE | wrong)


def test_missing_setting_of_birds_is_refused():
    with pytest.raises(ValueError, match=r"settings\.birds\.heard is missing"):
        a_model(birds={key: value for key, value in RULE.items() if key != "heard"})
