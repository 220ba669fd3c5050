"""Recordings whose label the sound contradicts: left out, by a list with the reason for each."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training.data.metadata import Recording

LABELS = Path(__file__).parent / "labels.csv"
LEFT_OUT, KEPT, RENAMED = "left out", "kept", "label "


def mend(recordings: Sequence[Recording], table: Path = LABELS) -> list[Recording]:
    """Return the recordings without those left out; `label Genus species` names one anew.

    Recordings that the table does not name stay as they are. Raises ValueError on another action.
    """
    with table.open(newline="", encoding="utf-8") as file:
        actions = {row["recording"]: row["action"] for row in csv.DictReader(file)}
    for name, action in actions.items():
        if action not in (LEFT_OUT, KEPT) and not action.startswith(RENAMED):
            raise ValueError(f"{table}: {name}: expected left out, kept or label, got {action!r}")
    return [
        _renamed(recording, actions.get(recording.filename, KEPT))
        for recording in recordings
        if actions.get(recording.filename) != LEFT_OUT
    ]


def _renamed(recording: Recording, action: str) -> Recording:
    if not action.startswith(RENAMED):
        return recording
    name = action.removeprefix(RENAMED)
    label = name.replace(" ", "_")
    return replace(recording, primary_label=label, scientific_name=name, common_name="")
