"""Folders of recordings as people keep them: without a table, as Kaggle's, with bad files."""

import os
import unicodedata

import numpy as np
import pytest
from datasets import read_table, write_table, write_wav

from spectrogram_fn import spectrogram
from training.data import shards
from training.data.metadata import read_folder
from training.prepare import main

LABELS = ("Turdus_merula", "Parus_major")


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"RIFF")


@pytest.mark.parametrize(
    ("name", "label", "scientific_name"),
    [
        ("Turdus_merula/a.WAV", "Turdus_merula", "Turdus merula"),
        ("turdus merula/b.mp3", "Turdus_merula", "Turdus merula"),
        ("Turdus merula_Common Blackbird/c.ogg", "Turdus_merula", "Turdus merula"),
        ("2019/Turdus_merula/05/d.flac", "Turdus_merula", "Turdus merula"),
        ("Garden/Turdus_merula/e.wav", "Turdus_merula", "Turdus merula"),
        ("Amsel/f.wav", "Amsel", "Amsel"),
        ("no_bird/rain/g.wav", "no_bird", ""),
    ],
)
def test_folder_without_a_table_names_the_species(tmp_path, name, label, scientific_name):
    touch(tmp_path, name, "root.wav", "notes.txt", ".hidden/x.wav", "Turdus_merula/._a.wav")
    (found,) = read_folder(tmp_path)
    assert (found.filename, found.primary_label) == (name, label)
    assert found.scientific_name == scientific_name


def test_folder_without_audio_says_what_is_expected(tmp_path):
    touch(tmp_path, "root.wav", "Turdus_merula/notes.txt")
    with pytest.raises(ValueError, match=r"expected metadata\.csv, or folders with audio named by"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("table", "written", "on_disk"),
    [
        ("train_metadata.csv", "XC1.ogg", "train_short_audio/eurbla/XC1.ogg"),
        ("train.csv", "XC1.mp3", "train_audio/eurbla/XC1.mp3"),
        ("metadata.csv", "XC1.ogg", "eurbla/XC1.ogg"),
        ("Metadata.CSV", "eurbla/XC1.ogg", "eurbla/XC1.OGG"),
        ("metadata.csv", "eurbla\\XC1.ogg", "eurbla/XC1.ogg"),
        ("metadata.csv", "mésange.wav", unicodedata.normalize("NFD", "mésange.wav")),
        ("metadata.csv", unicodedata.normalize("NFD", "é/1.wav"), "é/1.wav"),
        ("metadata.csv", "a b.wav", "a  b.wav"),
    ],
)
def test_file_is_found_under_the_name_that_it_has_on_disk(tmp_path, table, written, on_disk):
    touch(tmp_path, on_disk, "train_short_audio/other/XC1.ogg", "other/XC1.wav")
    rows = [{"filename": written, "ebird_code": "eurbla"}]
    write_table(tmp_path / table, rows)
    assert [one.filename for one in read_folder(tmp_path)] == [on_disk]


def test_name_that_fits_two_files_is_left_as_it_is(tmp_path):
    touch(tmp_path, "x/1.wav", "y/1.wav")
    write_table(tmp_path / "metadata.csv", [{"filename": "1.wav", "primary_label": "a"}])
    assert [one.filename for one in read_folder(tmp_path)] == ["1.wav"]


def small_set(folder, tone, count=12, rows=()):
    """Two species of `count` short recordings, without recordists; `rows` are more of the table."""
    table = []
    for label in LABELS:
        for number in range(count):
            name = f"{label}/{number}.wav"
            table.append(
                {"filename": name, "primary_label": label, "date": f"2020-05-{number // 2:02}"}
            )
            write_wav(folder / name, tone(2_000 + 10 * number + 1_500 * (label in LABELS[:1]), 1.0))
    write_table(folder / "metadata.csv", [*table, *rows])
    return folder


def prepare(folder, *options):
    words = [
        "--recordings",
        str(folder),
        "--output",
        str(folder.parent / "out"),
        "--processes",
        "1",
    ]
    return main([*words, *options])


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(),
        lambda path: path.symlink_to(path.name),
        os.mkfifo,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("<html>404</html>"),
        lambda path: write_wav(path, np.zeros(3_000)),
    ],
)
def test_one_bad_file_never_stops_the_rest(tmp_path, tone, make, capsys):
    bad = {"filename": "Turdus_merula/bad.wav", "primary_label": LABELS[0], "date": "2020-06-01"}
    folder = small_set(tmp_path / "birds", tone, rows=[bad])
    make(folder / "Turdus_merula" / "bad.wav")
    assert prepare(folder, "--split-by", "recording") == 0
    found = read_table(tmp_path / "out" / "recordings.csv")
    assert [row["filename"] for row in found if row["reason"]] == [bad["filename"]]
    assert "left out: Turdus_merula/bad.wav" in capsys.readouterr().err


@pytest.mark.parametrize("letters", [200, 240, 251])
def test_name_of_any_length_is_used(tmp_path, tone, letters):
    name = "Turdus_merula/" + "n" * letters + ".wav"
    row = {"filename": name, "primary_label": LABELS[0], "date": ""}
    folder = small_set(tmp_path / "birds", tone, rows=[row])
    write_wav(folder / name, tone(3_000, 1.0))
    assert prepare(folder, "--split-by", "recording") == 0
    rows = read_table(tmp_path / "out" / "recordings.csv")
    assert {row["filename"]: row["reason"] for row in rows}[name] == ""


@pytest.mark.parametrize("split_by", ["day", "recording"])
@pytest.mark.parametrize("count", [3, 5, 12])
def test_small_set_of_nobody_is_split_by_day_or_recording(tmp_path, tone, split_by, count):
    folder = small_set(tmp_path / "birds", tone, max(count, 6 if split_by == "day" else 3))
    assert prepare(folder, "--split-by", split_by, "--min-recordings", "3") == 0
    parts = [row["part"] for row in read_table(tmp_path / "out" / "recordings.csv")]
    assert set(parts) == {"train", "calibration", "test"}
    assert parts.count("train") >= parts.count("test")


def test_small_set_of_nobody_is_refused_with_the_option_before_decoding(tmp_path, tone, capsys):
    folder = small_set(tmp_path / "birds", tone)
    assert prepare(folder) == 1
    error = capsys.readouterr().err
    assert "--split-by recording" in error
    assert "metadata.csv" in error or str(folder) in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_day_that_is_not_known_is_refused_by_row(tmp_path, tone, capsys):
    row = {"filename": "Turdus_merula/0.wav", "primary_label": LABELS[0], "date": ""}
    folder = small_set(tmp_path / "birds", tone, 6, [{**row, "filename": "Turdus_merula/x.wav"}])
    touch(folder, "Turdus_merula/x.wav")
    assert prepare(folder, "--split-by", "day", "--min-recordings", "3") == 1
    assert "row 14: --split-by day needs a column date" in capsys.readouterr().err


def test_species_of_which_nothing_can_be_read_is_named(tmp_path, tone, capsys):
    folder = small_set(tmp_path / "birds", tone)
    for path in (folder / "Parus_major").iterdir():
        path.write_bytes(b"RIFF" + bytes(100))
    assert prepare(folder, "--split-by", "recording") == 1
    assert "none of 12 recordings of Parus_major can be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["wav", "mp3", "flac", "ogg_vorbis"])
def test_recording_over_the_limit_is_cut(tmp_path, encoded, monkeypatch, name):
    monkeypatch.setattr(shards, "LONGEST_SECONDS", 3.0)
    (tmp_path / "long").write_bytes(encoded[name])
    assert shards.read_audio(tmp_path / "long").size == 3 * spectrogram.SAMPLE_RATE


@pytest.fixture
def with_a_table(tmp_path, tone):
    """Two species in a table, by six recordists each."""
    rows = [
        {"filename": f"{label}/{number}.wav", "primary_label": label, "recordist": recordist}
        for label in LABELS
        for number, recordist in enumerate(("Lee", "Ek", "Day", "Fox", "Gu", "Ho"))
    ]
    write_table(tmp_path / "metadata.csv", rows)
    for row in rows:
        write_wav(tmp_path / row["filename"], tone(3_000, 1.0))
    return tmp_path


def test_species_is_added_by_a_folder_beside_those_of_a_table(with_a_table, tone):
    names = [f"Corvus monedula/{number}.wav" for number in range(9)]
    for name in names:
        write_wav(with_a_table / name, tone(900, 1.0))
    touch(with_a_table, "Turdus_merula/left over.wav", "notes/a.wav", "Larus_canus/readme.txt")
    found = [one for one in read_folder(with_a_table) if one.primary_label not in LABELS]
    assert [one.filename for one in found] == names
    assert {one.scientific_name for one in found} == {"Corvus monedula"}
    options = ["--min-recordings", "6", "--test-total", "3", "--processes", "1"]
    folders = ["--recordings", str(with_a_table), "--output", str(with_a_table / "build")]
    assert main([*folders, *options]) == 0
    rows = read_table(with_a_table / "build" / "recordings.csv")
    assert {row["part"] for row in rows if row["primary_label"] == "Corvus_monedula"} == {
        "train",
        "calibration",
        "test",
    }
