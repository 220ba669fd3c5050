"""training/scores/labelled.py: folders named otherwise are matched, or named as unknown."""

import csv

import pytest
from datasets import write_table

from training.scores.labelled import Names, held_back, key, read_labelled

LABELS = ["Erithacus rubecula", "Parus major", "Periparus ater", "Turdus merula"]
SHOWN = ["European Robin", "Great Tit", "Coal Tit", "Common Blackbird"]
MANIFEST = [
    {"recording_id": "Strix_aluco/XC7.ogg", "part": "train", "primary_label": "Strix_aluco"},
    {"recording_id": "Turdus_merula/XC1.ogg", "part": "train", "primary_label": "Turdus_merula"},
    {"recording_id": "Turdus_merula/XC2.ogg", "part": "test", "primary_label": "Turdus_merula"},
    {"recording_id": "root.ogg", "part": "train", "primary_label": "Parus_major"},
]
MANIFEST = [{**row, "xc_id": row["recording_id"].rpartition("XC")[2][:-4]} for row in MANIFEST]
MANIFEST[3]["xc_id"] = ""


@pytest.fixture
def names():
    return Names(LABELS, SHOWN, MANIFEST)


def touch(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("Turdus_merula/a.wav", "Turdus merula"),
        ("turdus merula/a.wav", "Turdus merula"),
        ("TURDUS-MERULA/a.wav", "Turdus merula"),
        ("Turdus merula_Common Blackbird/a.wav", "Turdus merula"),
        ("Common Blackbird_Turdus merula/a.wav", "Turdus merula"),
        ("Common Blackbird/a.wav", "Turdus merula"),
        ("Blackbird/a.wav", "Turdus merula"),
        ("robin/a.wav", "Erithacus rubecula"),
        ("Turdus merula mauritanicus/a.wav", "Turdus merula"),
        ("2019/Turdus_merula/a.wav", "Turdus merula"),
        ("Turdus_merula/2019/05/a.wav", "Turdus merula"),
        ("Turdus_merula/garden/a.wav", "Turdus merula"),
        ("XC735381 - Common Blackbird - Turdus merula.mp3", "Turdus merula"),
        ("Strix aluco/a.wav", "Strix aluco"),
        ("no_bird/rain/a.wav", "no_bird"),
    ],
)
def test_name_of_a_folder_is_matched(tmp_path, names, path, label):
    touch(tmp_path, path, ".DS_Store", "._a.wav", "Turdus_merula/._a.wav")
    found = read_labelled(tmp_path, names)
    assert found.pairs == [(tmp_path / path, label)]
    assert not found.unknown


@pytest.mark.parametrize("folder", ["Amsel", "Tit", "Turdus_merulla", "Corvus corax", "set 1"])
def test_name_that_nobody_knows_is_no_other_species_unless_asked(tmp_path, names, folder):
    touch(tmp_path, f"{folder}/a.wav", f"{folder}/b.wav", "Parus_major/c.wav")
    assert read_labelled(tmp_path, names).unknown == {folder: 2}
    strangers = read_labelled(tmp_path, names, strangers=True)
    assert not strangers.unknown
    assert [label for _, label in strangers.pairs].count(folder.replace("_", " ")) == 2


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ({"primary_label": "x", "scientific_name": "Turdus merula mauritanicus"}, "Turdus merula"),
        ({"primary_label": "Parus_major", "scientific_name": "Parus cinereus"}, "Parus major"),
        ({"primary_label": "corcor", "scientific_name": "Corvus corax"}, "Corvus corax"),
        ({"primary_label": "x", "scientific_name": "", "common_name": "great tit"}, "Parus major"),
    ],
)
def test_name_of_a_table_is_matched_or_another_species(tmp_path, names, row, label):
    touch(tmp_path, "a.wav")
    write_table(tmp_path / "metadata.csv", [{"filename": "a.wav", **row}])
    assert read_labelled(tmp_path, names).pairs == [(tmp_path / "a.wav", label)]


def test_label_of_a_table_without_a_name_is_unknown(tmp_path, names):
    touch(tmp_path, "a.wav")
    write_table(tmp_path / "metadata.csv", [{"filename": "a.wav", "primary_label": "eurbla"}])
    assert read_labelled(tmp_path, names).unknown == {"eurbla": 1}


def test_file_in_no_folder_is_named_and_stops_nothing(tmp_path, names):
    touch(tmp_path, "test clip.ogg", "Parus_major/a.wav")
    found = read_labelled(tmp_path, names)
    assert found.unlabelled == ["test clip.ogg"]
    assert len(found.pairs) == 1


@pytest.mark.parametrize(
    ("path", "label", "asked"),
    [
        ("Turdus_merula/XC1.ogg", "Turdus merula", False),
        ("turdus merula/XC1.wav", "Turdus merula", False),
        ("Blackbird/XC1.wav", "Turdus merula", False),
        ("x/XC1 - Common Blackbird.mp3", "Turdus merula", False),
        ("x/XC2 - Common Blackbird.mp3", "Turdus merula", True),
        ("x/XC3.mp3", "Turdus merula", True),
        ("root.wav", "Parus major", False),
        ("Blackbird/XC2.wav", "Turdus merula", True),
    ],
)
def test_recording_that_was_learnt_from_is_known_under_another_name(tmp_path, path, label, asked):
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, MANIFEST[0])
        writer.writeheader()
        writer.writerows(MANIFEST)
    pairs = [(tmp_path / "elsewhere" / path, label)]
    assert held_back(pairs, tmp_path) == (pairs if asked else [])


def test_accents_and_signs_do_not_part_names():
    assert key("Rüppell's_Warbler") == key("RUPPELLS  warbler") == "ruppells warbler"
