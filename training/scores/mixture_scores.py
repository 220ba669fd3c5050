"""The promises about several birds in numbers: shares with 95 % intervals. No audio, no model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.scores.metrics import calibration_error, perfect_error, share

# Levels of a scene's birds below its loudest one, in decibels.
LEVELS = ((-1, 0), (-10, -1), (-20, -10), (-30, -20))
NO_BIRD, UNKNOWN_BIRD = "no_bird", "unknown_bird"


@dataclass(frozen=True)
class Answer:
    """What was said of a sound: `levels` has its true species, `entries` those of `birds`.

    An entry is (scientific name, confidence, certain).
    """

    kind: str
    levels: dict[str, float]
    verdict: str
    entries: list[tuple[str, float, bool]]

    @property
    def certain(self) -> set[str]:
        """The species that are said for certain."""
        return {name for name, _, certain in self.entries if certain}

    @property
    def right(self) -> set[str]:
        """Those of them that sing."""
        return self.certain & set(self.levels)


def summarise(answers: Sequence[Answer], labels: Sequence[str]) -> dict[str, Any]:
    """Score single recordings, sequences, overlays and scenes."""
    kinds = {
        kind: [one for one in answers if one.kind == kind]
        for kind in ("alone", "sequence", "overlay", "scene")
    }
    return {
        "alone": _alone(kinds["alone"], set(labels)),
        "sequences": {
            "both_certain": share([one.right == set(one.levels) for one in kinds["sequence"]]),
            "nothing_else_certain": share(
                [one.certain <= set(one.levels) for one in kinds["sequence"]]
            ),
        },
        "overlays": {
            "one_certain_and_right": share([bool(one.right) for one in kinds["overlay"]]),
            "both_certain": share([one.right == set(one.levels) for one in kinds["overlay"]]),
            "a_wrong_one_certain": share([one.certain != one.right for one in kinds["overlay"]]),
        },
        "scenes": _scenes(kinds["scene"]),
    }


def _alone(answers: Sequence[Answer], labels: set[str]) -> dict[str, Any]:
    listed = [one for one in answers if labels & set(one.levels)]
    others = [one for one in answers if one.levels and not labels & set(one.levels)]
    empty = [one for one in answers if not one.levels]
    entries = [
        (confidence, name in one.levels, certain)
        for one in listed
        for name, confidence, certain in one.entries
    ]
    confidences = np.array([confidence for confidence, _, _ in entries])
    right = np.array([float(hit) for _, hit, _ in entries])
    error = round(calibration_error(confidences, right), 4) if entries else None
    return {
        "certain_entries_right": share([hit for _, hit, certain in entries if certain]),
        "listed_with_their_bird_certain": share([bool(one.right) for one in listed]),
        "others_with_a_certain_entry": share([bool(one.certain) for one in others]),
        "no_bird_with_a_certain_entry": share([bool(one.certain) for one in empty]),
        "unknown_bird_said_of_others": share([one.verdict == UNKNOWN_BIRD for one in others]),
        "unknown_bird_said_of_listed": share([one.verdict == UNKNOWN_BIRD for one in listed]),
        "calibration_of_entries": {
            "value": error,
            "perfect_95": perfect_error(confidences),
            "n": len(entries),
        },
    }


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
