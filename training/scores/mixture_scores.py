"""The promises about several birds in numbers: shares with 95 % intervals. No audio, no model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.data.metadata import NO_BIRD
from training.scores.metrics import (
    Floats,
    Result,
    bootstrap,
    calibration_error,
    perfect_error,
    share,
)

# Levels of a scene's birds below its loudest one, in decibels.
LEVELS = ((-1, 0), (-10, -1), (-20, -10), (-30, -20))
UNKNOWN_BIRD = "unknown_bird"
ALONE, SEQUENCE, OVERLAY, SCENE = "alone", "sequence", "overlay", "scene"
# How the scores of each kind of mixture are called.
KINDS = ("sequences", "overlays", "scenes")


@dataclass(frozen=True)
class Answer:
    """What was said of a sound: `levels` has its true species, `entries` those of `birds`.

    An entry is (scientific name, confidence, certain).
    """

    kind: str
    levels: dict[str, float]
    verdict: str
    entries: list[tuple[str, float, bool]]

    @classmethod
    def of(cls, result: Result) -> "Answer":
        """Return what was said of a recording."""
        levels = {} if result.truth == NO_BIRD else {result.truth: 0.0}
        return cls(ALONE, levels, result.verdict, result.birds)

    @property
    def certain(self) -> set[str]:
        """The species that are said for certain."""
        return {name for name, _, certain in self.entries if certain}

    @property
    def right(self) -> set[str]:
        """Those of them that sing."""
        return self.certain & set(self.levels)


def summarise(answers: Sequence[Answer]) -> dict[str, Any]:
    """Score sequences, overlays and scenes."""
    kinds = {
        kind: [one for one in answers if one.kind == kind] for kind in (SEQUENCE, OVERLAY, SCENE)
    }
    return {
        "sequences": {
            "both_certain": share([one.right == set(one.levels) for one in kinds[SEQUENCE]]),
            "nothing_else_certain": share(
                [one.certain <= set(one.levels) for one in kinds[SEQUENCE]]
            ),
        },
        "overlays": {
            "one_certain_and_right": share([bool(one.right) for one in kinds[OVERLAY]]),
            "both_certain": share([one.right == set(one.levels) for one in kinds[OVERLAY]]),
            "a_wrong_one_certain": share([one.certain != one.right for one in kinds[OVERLAY]]),
        },
        "scenes": _scenes(kinds[SCENE]),
    }


def summarise_alone(answers: Sequence[Answer], labels: Sequence[str]) -> dict[str, Any]:
    """Score what `birds` says of recordings of one species, or of none."""
    listed = [one for one in answers if set(labels) & set(one.levels)]
    others = [one for one in answers if one.levels and not set(labels) & set(one.levels)]
    empty = [one for one in answers if not one.levels]
    confidences, _ = _entries(listed)
    certain = [name in one.levels for one in listed for name in sorted(one.certain)]
    return {
        "certain_entries_right": share(certain),
        "listed_with_their_bird_certain": share([bool(one.right) for one in listed]),
        "others_with_a_certain_entry": share([bool(one.certain) for one in others]),
        "no_bird_with_a_certain_entry": share([bool(one.certain) for one in empty]),
        "unknown_bird_said_of_others": share([one.verdict == UNKNOWN_BIRD for one in others]),
        "unknown_bird_said_of_listed": share([one.verdict == UNKNOWN_BIRD for one in listed]),
        "calibration_of_entries": {
            **bootstrap(listed if confidences.size else [], _entry_error),
            "perfect_95": perfect_error(confidences),
            "entries": confidences.size,
        },
    }


def _entries(answers: Sequence[Answer]) -> tuple[Floats, Floats]:
    """Return confidence and right [n] of all entries of `birds`."""
    found = [(said, float(name in one.levels)) for one in answers for name, said, _ in one.entries]
    return np.array([said for said, _ in found]), np.array([right for _, right in found])


def _entry_error(answers: Sequence[Answer]) -> float:
    confidences, right = _entries(answers)
    return calibration_error(confidences, right) if confidences.size else 0.0


def _scenes(answers: Sequence[Answer]) -> dict[str, Any]:
    said = [name in one.levels for one in answers for name in sorted(one.certain)]
    sung = [
        (level, len(one.levels), name in one.certain)
        for one in answers
        for name, level in one.levels.items()
    ]
    counts = sorted({count for _, count, _ in sung})
    return {
        "certain_names_right": share(said),
        "birds_named": share([named for _, _, named in sung]),
        "birds_named_by_level": {
            f"{low} to {high} dB": share([named for level, _, named in sung if low < level <= high])
            for low, high in LEVELS
        },
        "birds_named_by_number": {
            str(count): share([named for _, number, named in sung if number == count])
            for count in counts
        },
    }
