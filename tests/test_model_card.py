"""The model card: of the data it says what its own dataset says, of scores what was measured."""

import json

import pytest
from local_app import SHIPPED_MODEL

from training.scores import model_card
from training.scores.card_data import describe, teacher

ROW = {"primary_label": "a", "part": "train", "license": "", "source": "", "xc_id": ""}


def card(*rows, **options):
    species = [{"primary_label": "a"}, {"primary_label": "b"}]
    data = {
        "species": species,
        "counts": {"windows": {"train": 720, "test": 720}},
        "options": {"min_recordings": 3, **options},
    }
    return describe([{**ROW, **row} for row in rows], data)


def test_counts_are_those_of_the_listed_labels_of_the_dataset():
    found = card({}, {"primary_label": "eurbla"}, {"primary_label": "no_bird"}, {"part": "test"})
    assert "| train | 3 | 1 |" in found["parts"]
    assert "| test | 1 | 1 |" in found["parts"]
    assert (found["recordings"], found["all_species"], found["minimum"]) == (4, 2, 3)
    assert found["length"] == "2.0 hours"


@pytest.mark.parametrize(
    ("licences", "words"),
    [
        (["", ""], "are\nyour own, the weights are free"),
        (["CC BY 4.0", "CC0"], "the\nweights are free"),
        (["cc-by-nc-sa", ""], "1 of the recordings .* of 1 others are unknown"),
        (["Creative Commons Attribution-NonCommercial 4.0"] * 2, "2 of the recordings"),
        (["CC BY 4.0", "unknown (xeno-canto)"], "not known for 1 of"),
    ],
)
def test_licence_is_what_the_manifest_says(licences, words):
    found = card(*({"license": licence} for licence in licences))
    text = found["licence"].replace("\n", " ")
    first, _, last = words.replace("\n", " ").partition(" .* ")
    assert first in text
    assert last in text
    forbids = any("nc" in one.lower() or "NonC" in one for one in licences)
    assert ("non-commercial purposes only" in text) == forbids
    assert bool(found["commercially"]) == forbids


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{}], ""),
        ([{"xc_id": "7"}, {"source": "xeno-canto"}, {}], ", mostly from xeno-canto"),
        ([{"xc_id": "7"}, {}, {}], ", 1 of them from xeno-canto"),
    ],
)
def test_origin_is_what_the_manifest_says(rows, words):
    assert card(*rows)["origin"] == words


@pytest.mark.parametrize(
    ("places", "european"),
    [
        ([("50", "10"), ("60,5", "20")], True),
        ([("50", "10"), ("-33", "151")], False),
        ([("50", "10"), ("", ""), ("", "")], False),
        ([("", "")], False),
        ([("north", "10")], False),
    ],
)
def test_model_is_european_where_its_recordings_are(places, european):
    found = card(*({"latitude": north, "longitude": east} for north, east in places))
    assert bool(found["place"]) == european


@pytest.mark.parametrize(
    ("split_by", "flatter"), [("recordist", False), ("day", True), ("recording", True)]
)
def test_scores_that_flatter_are_said_to(split_by, flatter):
    assert ("flatter" in card({}, split_by=split_by)["split"]) == flatter


@pytest.mark.parametrize(("name", "taught"), [("birdnet-2.4", True), ("own", False), ("", False)])
def test_teacher_is_named_with_its_licence_where_the_manifest_names_one(name, taught):
    found = card({"teacher": name, "license": "CC BY 4.0"}, {"part": "test"})
    assert ("Chemnitz University of Technology" in found["licence"]) == taught
    assert ("The weights are under CC BY-NC-SA 4.0 as well" in found["licence"]) == taught
    assert bool(teacher([{"teacher": name}])) == taught


def test_model_of_all_folds_says_that_it_learnt_from_every_recording():
    found = card({}, {"primary_label": "b"})
    assert found["parts"] == "| train | 2 | 2 | learning |"
    assert "Every recording was learnt from" in found["split"]
    assert "flatter" in card({}, split_by="day")["split"]


def test_recordings_in_added_folders_are_said_to_flatter():
    found = card({"source": "added folder"}, {"part": "test"})["split"]
    assert "flatter" in found
    assert "these\n1 recordings" in found


def test_report_network_has_a_column_where_it_was_scored_and_none_otherwise(tmp_path):
    labels = json.loads((SHIPPED_MODEL / "constants.json").read_text("utf-8"))["labels"]
    data = {
        "species": [{"primary_label": label} for label in labels],
        "counts": {"windows": {"train": 720}},
        "options": {"min_recordings": 8},
    }
    (tmp_path / "dataset.json").write_text(json.dumps(data))

    alone = model_card.card(SHIPPED_MODEL, tmp_path)
    beside = model_card.card(
        SHIPPED_MODEL, tmp_path, report=with_scores(tmp_path / "report", 0.125)
    )

    row = next(line for line in alone.splitlines() if line.startswith("| right species first"))
    assert "report's" not in alone
    assert row.count("|") == 4
    assert "|  | this model | the report's CNN, same data | chance |" in beside
    assert row.replace(" | 2.2", " | 12.5 % (10.0 % to 15.0 %, n = 700) | 2.2") in beside
    assert "the report's CNN (`train.py --architecture report" in beside


def with_scores(folder, top1):
    """Make the folder of a trained report's network, right first so often."""
    score = {"value": top1, "low": 0.1, "high": 0.15, "n": 700}
    listed = dict.fromkeys(("top1", "top3", "macro_f1"), score)
    settings = {"architecture": "report", "epochs": 3, "minutes": 60.0}
    training = {"minutes": 60.0, "windows_seen": 9_000, "settings": settings}
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps({"listed": listed}))
    (folder / "training.json").write_text(json.dumps(training))
    return folder
