"""training/data/metadata.py: three forms of tables become recordings of one form."""

import json

import pytest
from datasets import read_table, write_table

from training.data.metadata import read_folder, read_metadata, to_recording
from training.data.xeno_canto import from_xeno_canto

KAGGLE = {
    "primary_label": "skylar",
    "latitude": "52.1",
    "longitude": "-",
    "author": "Ann Lee",
    "url": "https://www.xeno-canto.org/17",
    "filename": "skylar/XC17.ogg",
}
XENO_CANTO = {
    "id": "694038",
    "gen": "Troglodytes",
    "sp": "troglodytes",
    "en": "Eurasian Wren",
    "rec": "Jacobo Ramil",
    "lat": "42.8373",
    "lon": "-8.652",
    "length": "1:02",
    "url": "//xeno-canto.org/694038",
    "file-name": "XC694038-wren.MP3",
    "lic": "//creativecommons.org/licenses/by-nc-sa/4.0/",
    "sono": {"small": "//xeno-canto.org/sono.png"},
}


def test_kaggle_row_is_understood():
    recording = to_recording(KAGGLE)
    assert (recording.primary_label, recording.recordist, recording.latitude) == (
        "skylar",
        "Ann Lee",
        52.1,
    )
    assert recording.longitude is None
    assert recording.original_seconds is None


def test_xeno_canto_entry_is_understood():
    recording = to_recording(from_xeno_canto(XENO_CANTO))
    assert recording.filename == "Troglodytes_troglodytes/XC694038.mp3"
    assert (recording.scientific_name, recording.common_name) == (
        "Troglodytes troglodytes",
        "Eurasian Wren",
    )
    assert (recording.recordist, recording.xc_id) == ("Jacobo Ramil", "694038")
    assert (recording.latitude, recording.longitude, recording.original_seconds) == (
        42.8373,
        -8.652,
        62.0,
    )
    assert recording.url == "https://xeno-canto.org/694038"


@pytest.mark.parametrize("shape", [lambda rows: rows, lambda rows: {"recordings": rows}])
def test_xeno_canto_answer_is_read_from_a_file(tmp_path, shape):
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(shape([XENO_CANTO])))
    assert [recording.xc_id for recording in read_metadata(path)] == ["694038"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12.5", 12.5),
        ("0:14", 14.0),
        ("1:00:02", 3602.0),
        ("", None),
        ("-", None),
        ("soon", None),
        ("nan", None),
    ],
)
def test_length_is_seconds_or_minutes(text, seconds):
    assert to_recording({**KAGGLE, "length": text}).original_seconds == seconds


@pytest.mark.parametrize("text", ["", "-", "inf", "NaN", "north"])
def test_coordinate_that_is_no_number_is_not_known(text):
    assert to_recording({**KAGGLE, "latitude": text}).latitude is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{**KAGGLE, "filename": ""}], "a filename and a primary_label in every row"),
        ([{**KAGGLE, "filename": "../secret.ogg"}], "below the folder"),
        ([{**KAGGLE, "filename": "/etc/passwd"}], "below the folder"),
        ([KAGGLE, KAGGLE], "found twice: skylar/XC17.ogg"),
    ],
)
def test_unusable_table_is_refused_in_words(tmp_path, rows, words):
    path = write_table(tmp_path / "metadata.csv", rows)
    with pytest.raises(ValueError, match=words):
        read_metadata(path)


def test_folder_brings_its_clips_without_birds(tmp_path):
    write_table(tmp_path / "metadata.csv", [KAGGLE])
    write_table(
        tmp_path / "no_bird" / "metadata.csv",
        [{"filename": "rain/1.ogg", "sound": "Rain", "freesound_id": "5"}],
    )
    clip = read_folder(tmp_path)[1]
    assert (clip.filename, clip.primary_label, clip.freesound_id) == (
        "no_bird/rain/1.ogg",
        "no_bird",
        "5",
    )


def test_real_folder_is_read_whole(recordings):
    found = read_folder(recordings)
    birds = read_table(recordings / "metadata.csv")
    clips = read_table(recordings / "no_bird" / "metadata.csv")
    assert [recording.filename for recording in found] == [
        *(row["filename"] for row in birds),
        *(f"no_bird/{row['filename']}" for row in clips),
    ]
    assert [recording.recordist for recording in found[: len(birds)]] == [
        row["recordist"].strip() for row in birds
    ]
