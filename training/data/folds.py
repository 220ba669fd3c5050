"""Folds for cross-validation: groups of recordings, spread so that each has its part of all."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

TRIES = 20
# How much chance moves a group in the order in which they are placed.
SHUFFLE = 0.3
# A fold without a label at all is worse than any unevenness.
MISSING = 10.0

Counts = npt.NDArray[np.float64]


def assign_folds(
    labels: Sequence[str], groups: Sequence[int], *, folds: int = 5, seed: int = 7
) -> list[int]:
    """Return the fold of each recording: no group is in two, and labels are spread evenly.

    Big groups are placed first, each where it distorts least; the best of some seeded tries.
    """
    names = sorted(set(labels))
    column = {name: place for place, name in enumerate(names)}
    counts = np.zeros((max(groups) + 1, len(names)))
    for group, label in zip(groups, labels, strict=True):
        counts[group, column[label]] += 1
    random = np.random.default_rng(seed)
    tries = [_place(counts, folds, random) for _ in range(TRIES)]
    _, best = min(tries, key=lambda found: found[0])
    return [int(best[group]) for group in groups]


def _place(
    counts: Counts, folds: int, random: np.random.Generator
) -> tuple[float, npt.NDArray[np.int64]]:
    """Place groups [groups, labels] in folds; return the cost and each group's fold."""
    totals = counts.sum(axis=0)
    goal, sums = totals / folds, np.zeros((folds, len(totals)))
    found = np.zeros(len(counts), np.int64)
    weights = (counts / totals).sum(axis=1) * (1 + SHUFFLE * random.random(len(counts)))
    for group in np.argsort(-weights):
        more = ((sums + counts[group] - goal) ** 2 - (sums - goal) ** 2) / goal
        found[group] = int(np.argmin(more.sum(axis=1)))
        sums[found[group]] += counts[group]
    cost = ((sums - goal) ** 2 / goal).sum() + MISSING * (sums == 0).sum()
    return float(cost), found
