"""The answer's two rules, as training needs them: the recording's species, and which birds sing.

Both are the app's (docs/contracts.md); tests hold them together. A recording is here its windows'
probabilities [n, listed], `bird` and `another` [n], and its true class.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from corpus import Dataset

Floats = npt.NDArray[np.float64]

# A confidence of 1 has no odds: so much doubt stays.
LEAST_DOUBT = 1e-12


@dataclass(frozen=True)
class Recording:
    """Probabilities [n, listed], bird and another [n] of a recording's windows; its true class."""

    probabilities: Floats
    bird: Floats
    another: Floats
    truth: int

    @classmethod
    def of(cls, chances: Floats, listed: int, truth: int) -> "Recording":
        """Return a recording of its windows' probabilities [n, classes]."""
        return cls(chances[:, :listed], 1 - chances[:, -1], chances[:, -2], truth)


def recordings(dataset: Dataset, indices: Sequence[int], probabilities: Floats) -> list[Recording]:
    """Group the rows of probabilities [n, classes] by recording.

    A class that was not learnt counts as another species.
    """
    class_of = {label: place for place, label in enumerate(dataset.classes)}
    places: dict[str, list[int]] = {}
    for place, index in enumerate(indices):
        places.setdefault(dataset.rows[index]["recording_id"], []).append(place)
    listed = len(dataset.listed)
    return [
        Recording.of(
            probabilities[rows],
            listed,
            class_of.get(dataset.rows[indices[rows[0]]]["primary_label"], listed),
        )
        for rows in places.values()
    ]


def score(recording: Recording, exponent: int, no_bird: float) -> Floats:
    """Pool a recording's windows to scores [listed] (docs/contracts.md, pooling rule, 2 and 3)."""
    counted = recording.probabilities[recording.bird >= no_bird]
    if not counted.size:
        counted = recording.probabilities
    return np.asarray(np.mean(counted**exponent, axis=0) ** (1 / exponent))


def own_score(recording: Recording, heard: float, least: int, no_bird: float) -> Floats:
    """Pool each species over its own windows alone, to scores [listed]: the rule of `birds`.

    Its own are those that count in which it has at least `heard`; where it has fewer than `least`,
    other windows that count are taken as silent. Where it has none, the score is 0.
    """
    counted = recording.probabilities[recording.bird >= no_bird]
    own = counted >= heard
    total = np.where(own, counted**4, 0).sum(axis=0)
    return np.asarray((total / np.maximum(own.sum(axis=0), max(1, min(least, len(own))))) ** 0.25)


def another_score(recording: Recording, no_bird: float) -> float:
    """Pool `another` over the windows that count: the root of the mean square."""
    counted = recording.another[recording.bird >= no_bird]
    return float(np.sqrt((counted**2).mean())) if counted.size else 0.0


def share_out(confidences: Floats) -> Floats:
    """Turn confidences [n, listed] into what is shown (docs/contracts.md, pooling rule, 5)."""
    total = confidences.sum(axis=1, keepdims=True)
    odds = confidences / np.maximum(1 - confidences, LEAST_DOUBT)
    all_odds = np.maximum(odds.sum(axis=1, keepdims=True), LEAST_DOUBT)
    least = np.minimum(confidences, odds / all_odds)
    kept = least.sum(axis=1, keepdims=True)
    part = (1 - kept) / np.where(total > 1, total - kept, 1)
    return np.asarray(np.where(total > 1, least + (confidences - least) * part, confidences))
