"""training.data.mended_labels: recordings whose label the sound contradicts."""

import csv

import pytest

from training.data.mended_labels import LABELS, mend
from training.data.metadata import Recording


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


def test_unknown_action_is_refused(table):
    with pytest.raises(ValueError, match=r"a\.ogg: expected left out, kept or label, got 'maybe'"):
        mend([], table(("a.ogg", "maybe")))


def test_each_row_of_our_own_list_names_an_existing_recording_and_a_reason(recordings):
    with LABELS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert mend([]) == []
    for row in rows:
        assert (recordings / row["recording"]).exists()
        assert len(row["reason"]) > 10
