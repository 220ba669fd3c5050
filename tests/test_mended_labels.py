"""training.data.mended_labels: recordings whose label the sound contradicts."""

import csv
import re
from pathlib import Path

import pytest

from training.data.mended_labels import HELD_BACK, LABELS, count, mend
from training.data.metadata import Recording

REPOSITORY = Path(__file__).parent.parent


def recording(name):
    return Recording(name, "Pica_pica", "Pica pica", "Eurasian Magpie")


@pytest.fixture
def table(tmp_path):
    def write(*rows):
        lines = ["recording,action,reason", *(f"{name},{action},heard" for name, action in rows)]
        (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
        return tmp_path / "labels.csv"

    return write


def test_recording_is_left_out_kept_or_named_anew(table):
    rows = [("a.ogg", "left out"), ("b.ogg", "kept"), ("c.ogg", "label Lanius collurio")]
    found = mend([recording(f"{letter}.ogg") for letter in "abcd"], table(*rows))
    assert [one.filename for one in found] == ["b.ogg", "c.ogg", "d.ogg"]
    assert [one.primary_label for one in found] == ["Pica_pica", "Lanius_collurio", "Pica_pica"]
    assert found[1].scientific_name == "Lanius collurio"


def test_recording_is_known_in_another_format_and_below_another_folder(table):
    rows = [("Pica_pica/XC7.ogg", "left out"), ("rain/a-1.ogg", "held back")]
    known = [recording("2021/Pica_pica/XC7.mp3"), Recording("b.wav", "Pica_pica", xc_id="7")]
    others = [recording("Pica_pica/XC77.ogg"), recording("XC7.ogg"), Recording("a-1.ogg", "rain")]
    assert mend([*known, Recording("rain/a-1.wav", "no_bird"), *others], table(*rows)) == others


def test_what_was_mended_is_counted(table):
    rows = [("p/a.ogg", "left out"), ("p/b.ogg", "held back"), ("p/c.ogg", "label Lanius collurio")]
    found = count([recording(f"p/{letter}.ogg") for letter in "abcde"], table(*rows))
    assert found == {"left_out": 1, "held_back": 1, "named_anew": 1}


def test_each_song_of_the_page_is_held_back():
    page = (REPOSITORY / "frontend" / "page" / "samples.js").read_text()
    numbers = set(re.findall(r"number: (\d+)", page))
    with LABELS.open(newline="", encoding="utf-8") as file:
        held_back = [row["recording"] for row in csv.DictReader(file) if row["action"] == HELD_BACK]
    assert numbers
    assert numbers <= set(re.findall(r"XC(\d+)", " ".join(held_back)))


def test_unknown_action_is_refused(table):
    with pytest.raises(ValueError, match=r"a\.ogg: expected left out, .* label, got 'maybe'"):
        mend([], table(("a.ogg", "maybe")))


def test_each_row_of_our_own_list_names_an_existing_recording_and_a_reason(recordings):
    with LABELS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert mend([]) == []
    for row in rows:
        assert (recordings / row["recording"]).exists()
        assert len(row["reason"]) > 10
