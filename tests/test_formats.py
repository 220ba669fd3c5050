"""The table of formats: what is made from it, and that each row is a format that ffmpeg reads."""

import re
import subprocess
from pathlib import Path

import pytest
import sounds

from birdapp.chalicelib import formats
from birdapp.chalicelib.errors import ServiceError

CONTRACTS = (Path(__file__).parent.parent / "docs" / "contracts.md").read_text(encoding="utf-8")
ROWS = {row.label: row for row in formats.FORMATS}


def test_the_contract_lists_the_formats_in_the_order_of_the_table():
    listed = [f"{row.label} ({row.holds})" if row.holds else row.label for row in formats.FORMATS]
    assert f"\n{', '.join(listed)}. At most" in CONTRACTS


def test_the_error_lists_the_formats():
    message = ServiceError("unsupported_audio").message
    assert re.findall(r"\b(?:[A-Z][A-Z0-9]{2,}|WebM)\b", message) == list(ROWS)


def test_suffixes_are_written_as_they_are_compared():
    listed = [suffix for row in formats.FORMATS for suffix in row.suffixes]
    assert len(listed) == len(set(listed)) == len(formats.SUFFIXES)
    assert all(re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in listed)


def test_every_format_has_a_recording_among_the_tests():
    assert set(sounds.LABELS.values()) == set(ROWS)
    assert sounds.LABELS.keys() == sounds.ENCODERS.keys()


@pytest.mark.parametrize("name", sounds.ENCODERS)
def test_a_recording_is_known_by_its_first_bytes(name, encoded):
    assert ROWS[sounds.LABELS[name]].demuxer in formats.sniff(encoded[name][:64]).split(",")


@pytest.mark.parametrize("row", formats.FORMATS, ids=ROWS)
def test_ffmpeg_has_the_demuxer_and_a_decoder_for_each_codec(row):
    parts = [("Demuxer", row.demuxer), *(("Decoder", codec) for codec in row.codecs.split(","))]
    for kind, name in parts:
        command = [sounds.FFMPEG, "-hide_banner", "-h", f"{kind.lower()}={name}"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert told.startswith(f"{kind} {name}")
