"""Whole groups of recordings -> train, calibration and test, with enough of every listed species in each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.float64]
Parts = npt.NDArray[np.int64]

PARTS = ("train", "calibration", "test")
TEST = PARTS.index("test")
CHAINS = 8
SWEEPS = 40
# Of the cost of a recording too many: chance decides at first, nothing at last.
START_HEAT = 1.0
# A missed minimum must weigh more than any distortion of the shares.
MISS_WEIGHT = 1_000.0
# Many recordists say more about strangers than a busy one: big groups belong into train.
CROWD_WEIGHT = 4.0


@dataclass(frozen=True)
class Quotas:
    """Shares of each label that calibration and test aim at, and the recordings that they must get."""

    test_share: float = 0.19
    calibration_share: float = 0.10
    test_minimum: int = 3
    calibration_minimum: int = 1
    test_total: int = 150

    def __post_init__(self) -> None:
        if (
            min(self.test_share, self.calibration_share) < 0
            or self.test_share + self.calibration_share >= 1
        ):
            raise ValueError("test and calibration shares must leave something to train on")
        if min(self.test_minimum, self.calibration_minimum, self.test_total) < 0:
            raise ValueError("minimums must not be negative")


@dataclass(frozen=True)
class Problem:
    """counts [groups, labels] of recordings; crowds [groups]: how much of its labels hangs on a group, as a cost;
    targets and minimums [3, labels]; the first `listed` labels are listed."""

    counts: Counts
    crowds: Counts
    targets: Counts
    minimums: Counts
    listed: int
    test_total: int


def split_groups(
    labels: Sequence[str],
    groups: Sequence[int],
    listed: Sequence[str],
    *,
    quotas: Quotas,
    seed: int,
) -> list[str]:
    """Name the part of each recording, so that no group is in two parts and the quotas are met for `listed` labels.

    Simulated annealing over groups, seeded: the same seed gives the same parts.
    Raises ValueError naming every species and minimum that is not met.
    """
    names = list(listed) + sorted(set(labels) - set(listed))
    place = {name: column for column, name in enumerate(names)}
    counts = np.zeros((max(groups) + 1, len(names)))
    np.add.at(counts, (np.asarray(groups), np.array([place[label] for label in labels])), 1)
    problem = _problem(counts, len(listed), quotas)
    best = _anneal(problem, np.random.default_rng(seed))
    _refuse_misses(problem, best, names)
    return [PARTS[best[group]] for group in groups]


def _problem(counts: Counts, listed: int, quotas: Quotas) -> Problem:
    train_share = 1 - quotas.calibration_share - quotas.test_share
    shares = np.array([[train_share], [quotas.calibration_share], [quotas.test_share]])
    minimums = np.zeros((len(PARTS), counts.shape[1]))
    minimums[:, :listed] = np.array([[1], [quotas.calibration_minimum], [quotas.test_minimum]])
    # A label whose recordings are all unreadable has none here.
    totals = np.maximum(counts.sum(axis=0), 1)
    targets = np.maximum(shares * totals, minimums)
    crowds = CROWD_WEIGHT * (counts**2 / totals).sum(axis=1)
    return Problem(counts, crowds, targets, minimums, listed, quotas.test_total)


def _anneal(problem: Problem, generator: np.random.Generator) -> Parts:
    """Move one group at a time to a cheap part, with ever less chance in it: the best end, [groups]."""
    groups, chains = len(problem.counts), np.arange(CHAINS)
    parts = np.zeros((CHAINS, groups), np.int64)
    sums = _sums(problem, parts)
    for heat in np.linspace(START_HEAT, 0, SWEEPS):
        for group in generator.permuted(np.tile(np.arange(groups), (CHAINS, 1)), axis=1).T:
            sums[chains, parts[chains, group]] -= problem.counts[group]
            costs = _costs_of_placing(problem, sums, group)
            parts[chains, group] = np.argmin(
                costs + heat * generator.gumbel(size=costs.shape), axis=1
            )
            sums[chains, parts[chains, group]] += problem.counts[group]
    crowds = (parts > 0) @ problem.crowds
    best: Parts = parts[np.argmin(_costs(problem, sums) + crowds)]
    return best


def _sums(problem: Problem, parts: Parts) -> Counts:
    """Count the recordings of each label in each part: parts [chains, groups] -> [chains, 3, labels]."""
    return np.stack([(parts == part) @ problem.counts for part in range(len(PARTS))], axis=1)


def _costs_of_placing(problem: Problem, sums: Counts, group: Parts) -> Counts:
    """Cost of each part for one group of each chain: sums [chains, 3, labels], group [chains] -> [chains, 3]."""
    costs = np.empty(sums.shape[:2])
    for part in range(len(PARTS)):
        sums[:, part] += problem.counts[group]
        costs[:, part] = _costs(problem, sums) + (problem.crowds[group] if part else 0)
        sums[:, part] -= problem.counts[group]
    return costs


def _costs(problem: Problem, sums: Counts) -> Counts:
    """Add up how far the shares are off, relative to each label's recordings, and what misses a minimum: [chains]."""
    distortion = ((sums - problem.targets) ** 2 / problem.targets.sum(axis=0)).sum(axis=(1, 2))
    misses = np.maximum(problem.minimums - sums, 0).sum(axis=(1, 2))
    missing = np.maximum(problem.test_total - sums[:, TEST, : problem.listed].sum(axis=1), 0)
    return np.asarray(distortion + MISS_WEIGHT * (misses + missing))


def _refuse_misses(problem: Problem, parts: Parts, names: list[str]) -> None:
    sums = _sums(problem, parts[None])[0]
    misses = [
        f"{names[label]}: {int(sums[part, label])} of {int(problem.minimums[part, label])} in {PARTS[part]}"
        for part, label in np.argwhere(sums < problem.minimums)
    ]
    total = int(sums[TEST, : problem.listed].sum())
    if total < problem.test_total:
        misses.append(f"all listed species: {total} of {problem.test_total} in test")
    if misses:
        raise ValueError(
            "no split by recordist and source has the minimums asked for; " + "; ".join(misses)
        )
