"""Recordings that a model must not learn from under their label, by a list with reasons.

The sound contradicts the label of some; others ship as samples of the page, and are held back.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from training.data.metadata import Recording

LABELS = Path(__file__).parent / "labels.csv"
LEFT_OUT, HELD_BACK, KEPT, RENAMED = "left out", "held back", "kept", "label "
REMOVED = (LEFT_OUT, HELD_BACK)


def read_actions(table: Path | None) -> dict[str, str]:
    """Return what is done with each recording of the list, by its name without a suffix.

    None is our own list. Raises ValueError on an action that does not exist.
    """
    table = table or LABELS
    with table.open(newline="", encoding="utf-8") as file:
        actions = {row["recording"]: row["action"] for row in csv.DictReader(file)}
    for name, action in actions.items():
        if action not in (*REMOVED, KEPT) and not action.startswith(RENAMED):
            raise ValueError(
                f"{table}: {name}: expected left out, held back, kept or label, got {action!r}"
            )
    return {_plain(name): action for name, action in actions.items()}


def mend(recordings: Sequence[Recording], table: Path | None = None) -> list[Recording]:
    """Return the recordings without those removed; `label Genus species` names one anew.

    Recordings that the table does not name stay as they are. Raises ValueError on another action.
    """
    actions = read_actions(table)
    found = [(recording, action_of(actions, recording)) for recording in recordings]
    return [_renamed(recording, action) for recording, action in found if action not in REMOVED]


def count(recordings: Sequence[Recording], table: Path | None = None) -> dict[str, int]:
    """Return how many recordings are left out, held back, and named anew."""
    actions = read_actions(table)
    counts = Counter(action_of(actions, recording) for recording in recordings)
    named = sum(number for action, number in counts.items() if action.startswith(RENAMED))
    return {"left_out": counts[LEFT_OUT], "held_back": counts[HELD_BACK], "named_anew": named}


def action_of(actions: Mapping[str, str], recording: Recording) -> str:
    """Return what is done with a recording, in whatever format and below whatever folder it is."""
    return next((actions[name] for name in _names(recording) if name in actions), KEPT)


def _names(recording: Recording) -> Iterator[str]:
    parts = PurePosixPath(_plain(recording.filename)).parts
    yield "/".join(parts)
    yield from ("/".join(parts[-length:]) for length in range(len(parts) - 1, 1, -1))
    if recording.xc_id:
        yield f"{recording.primary_label}/XC{recording.xc_id}"


def _plain(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if name else ""


def _renamed(recording: Recording, action: str) -> Recording:
    if not action.startswith(RENAMED):
        return recording
    name = action.removeprefix(RENAMED)
    label = name.replace(" ", "_")
    return replace(recording, primary_label=label, scientific_name=name, common_name="")
