"""Folds for cross-validation: groups of recordings, spread so that each has its part of all."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.data.dataset import OF_A_LISTENER, RECORDING_TABLE, SUMMARY, WINDOW_TABLE, WINDOWS

TRIES = 20
# How much chance moves a group in the order in which they are placed.
SHUFFLE = 0.3
# A fold without a label at all is worse than any unevenness.
MISSING = 10.0

Counts = npt.NDArray[np.float64]
Row = dict[str, str]


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


def read_table(path: Path) -> list[Row]:
    """Read a table of a dataset."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_fold(dataset: Path, output: Path, parts: dict[str, str]) -> None:
    """Write a dataset with other parts, named by recording, that shares its sounds."""
    output.mkdir(parents=True, exist_ok=True)
    for name in (WINDOWS, *OF_A_LISTENER, SUMMARY):
        link = output / name
        link.unlink(missing_ok=True)
        if (dataset / name).exists():
            link.symlink_to((dataset / name).resolve())
    for name in (WINDOW_TABLE, RECORDING_TABLE):
        rows = read_table(dataset / name)
        with (output / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows({**row, "part": parts.get(row["recording_id"], "")} for row in rows)
