"""The answer's thresholds: the lowest ones from which it keeps the model card's promises."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from answers import Floats, Recording

# Promised are 0.9, 0.15 and 0.02, asked of the calibration part with a margin: there are so few
# recordings of other species that the true share is below 15 % nineteen times in twenty.
BIRD_IS_RIGHT = 0.92
OTHER_SPECIES_AS_BIRD = 0.06
NO_BIRD_AS_BIRD = 0.02
WINDOW_IS_RIGHT = 0.85
# One recording in all its copies is never too many: among few, the strangest would rule.
COPIES = 3
CANDIDATES = np.round(np.linspace(0.3, 0.99, 70), 2)
HIGHEST = 0.99

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


def at_most(share: float, of: Flags) -> bool:
    """Return whether at most a share of the recordings is, or the copies of a single one."""
    return bool(of.sum() <= max(share * of.size, COPIES))


def window_threshold(found: Sequence[Recording]) -> float:
    """Return the lowest probability from which a window's best species is its recording's."""
    tops = np.concatenate([one.probabilities.max(axis=1) for one in found])
    right = np.concatenate([one.probabilities.argmax(axis=1) == one.truth for one in found])
    for value in CANDIDATES:
        if (tops >= value).any() and right[tops >= value].mean() >= WINDOW_IS_RIGHT:
            return float(value)
    return HIGHEST
