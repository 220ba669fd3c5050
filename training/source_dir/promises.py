"""The answer's thresholds: the lowest ones from which it keeps the model card's promises."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from answers import Floats, Recording

# Promised is 0.9, asked of the calibration part with a margin.
BIRD_IS_RIGHT = 0.92
# Promised shares; less is asked of the calibration part, the less the fewer recordings it has.
OTHER_SPECIES_AS_BIRD = 0.1
NO_BIRD_AS_BIRD = 0.03
WINDOW_IS_RIGHT = 0.85
# What is asked is so many standard deviations of such a part's share below what is promised.
DEVIATIONS = 1.0
# One recording in all its copies is never too many: among few, the strangest would rule.
COPIES = 3
CANDIDATES = np.round(np.linspace(0.3, 0.995, 140), 3)
HIGHEST = 0.995

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Kinds:
    """Which recordings [n] are of listed species, and which hold no bird; the rest are others."""

    known: Flags
    empty: Flags


def kinds(found: Sequence[Recording], listed: int, no_bird_class: int) -> Kinds:
    """Return the kinds of recordings."""
    truths = np.array([one.truth for one in found])
    return Kinds(truths < listed, truths == no_bird_class)


def no_bird_threshold(found: Sequence[Recording], no_bird_class: int) -> float:
    """Return the `bird` value that best parts recordings (their best window) from empty windows."""
    with_bird = np.array([one.bird.max() for one in found if one.truth != no_bird_class])
    without = np.concatenate(
        [one.bird for one in found if one.truth == no_bird_class] or [np.zeros(1)]
    )
    candidates = np.round(np.linspace(0.05, 0.7, 66), 2)
    merits = [(with_bird >= value).mean() * 2 + (without < value).mean() for value in candidates]
    return float(candidates[int(np.argmax(merits))])


def bird_threshold(confidences: Floats, right: Flags, kinds: Kinds) -> float:
    """Return the lowest confidence [n] from which "bird" is right, and rare for all else."""
    others = ~kinds.known & ~kinds.empty
    for value in CANDIDATES:
        said = confidences >= value
        named = right[said & kinds.known]
        precise = bool(named.size) and named.mean() >= BIRD_IS_RIGHT
        rare = at_most(OTHER_SPECIES_AS_BIRD, said[others])
        if precise and rare and at_most(NO_BIRD_AS_BIRD, said[kinds.empty]):
            return float(value)
    return HIGHEST


def asked(share: float, copies: int) -> float:
    """Return the share of so many recordings' copies from which the promised one follows."""
    recordings = max(copies / COPIES, 1)
    return max(0.0, share - DEVIATIONS * math.sqrt(share * (1 - share) / recordings))


def at_most(share: float, of: Flags) -> bool:
    """Return whether so few recordings are that a promised share is kept, or one in its copies."""
    return bool(of.sum() <= max(asked(share, of.size) * of.size, COPIES))


def window_threshold(found: Sequence[Recording]) -> float:
    """Return the lowest probability from which a window's best species is its recording's."""
    tops = np.concatenate([one.probabilities.max(axis=1) for one in found])
    right = np.concatenate([one.probabilities.argmax(axis=1) == one.truth for one in found])
    for value in CANDIDATES:
        if (tops >= value).any() and right[tops >= value].mean() >= WINDOW_IS_RIGHT:
            return float(value)
    return HIGHEST
