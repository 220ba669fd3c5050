"""Whole groups of recordings -> train, calibration and test, with enough of every species."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.float64]
Parts = npt.NDArray[np.int64]

PARTS = ("train", "calibration", "test")
TRAIN = PARTS.index("train")
IMPOSSIBLE = (
    "no split by recordist and source (--split-by recording or day ties less together;"
    " --min-recordings, --test-minimum, --calibration-minimum, --test-total change what is asked)"
    " has the minimums asked for"
)
CHAINS = 8
SWEEPS = 40
# Of the cost of a recording too many: chance decides at first, nothing at last.
START_HEAT = 1.0
# A missed minimum must weigh more than any distortion of the shares.
MISS_WEIGHT = 1_000.0
# Many recordists say more about strangers than a busy one: big groups belong into train.
CROWD_WEIGHT = 4.0
# A held-back part in which one group has more recordings than this share measures that recordist.
LARGEST_SHARE = 0.12
# Where all groups are large, none is huge: at least so many times the median group is allowed.
LARGEST_MEDIANS = 2.0
# Of holding a huge group back: more than every minimum at first, for a group that has one recording
# of each species meets them all, and the search would never leave it; then less than one minimum.
HUGE_COSTS = (1e6, 500.0)
# No test part needs more recordings than this, nor more than its share of the listed recordings.
TEST_TOTAL = 150
TEST_MINIMUM = 3
CALIBRATION_MINIMUM = 1


@dataclass(frozen=True)
class Quotas:
    """Shares of each label that calibration and test aim at, and what they must get.

    None is a default that fits the data: at most a third of a species' recordings, and no
    calibration recording of a species that only two groups have.
    """

    test_share: float = 0.19
    calibration_share: float = 0.10
    test_minimum: int | None = None
    calibration_minimum: int | None = None
    test_total: int | None = None

    def __post_init__(self) -> None:
        shares = self.test_share, self.calibration_share
        if min(shares) < 0 or sum(shares) >= 1:
            raise ValueError("test and calibration shares must leave something to train on")
        if min(self.test_minimum or 0, self.calibration_minimum or 0, self.test_total or 0) < 0:
            raise ValueError("minimums must not be negative")


@dataclass(frozen=True)
class Problem:
    """What the search works on.

    counts [groups, labels] of recordings, of which the first `listed` labels are listed;
    crowds [3, groups]: what it costs to hold a group back; huge [3, groups]: which are too large;
    targets and minimums [3, labels]; totals [3]: recordings of listed labels that a part must have.
    """

    counts: Counts
    crowds: Counts
    huge: npt.NDArray[np.bool_]
    targets: Counts
    minimums: Counts
    totals: Counts
    listed: int


def split_groups(
    labels: Sequence[str],
    groups: Sequence[int],
    listed: Sequence[str],
    *,
    quotas: Quotas,
    seed: int,
) -> list[str]:
    """Return the part of each recording: no group in two parts, and the quotas met for `listed`.

    Simulated annealing over groups, seeded: the same seed gives the same parts.
    Raises ValueError naming every species and minimum that is not met.
    """
    names = list(listed) + sorted(set(labels) - set(listed))
    place = {name: column for column, name in enumerate(names)}
    counts = np.zeros((max(groups) + 1, len(names)))
    np.add.at(counts, (np.asarray(groups), np.array([place[label] for label in labels])), 1)
    problem = _problem(counts, len(listed), quotas)
    for huge_cost in HUGE_COSTS:
        best = _anneal(problem, huge_cost, np.random.default_rng(seed))
        misses = _misses(problem, best, names)
        if not misses:
            break
    if misses:
        raise ValueError(f"{IMPOSSIBLE}; " + "; ".join(misses))
    return [PARTS[best[group]] for group in groups]


def _problem(counts: Counts, listed: int, quotas: Quotas) -> Problem:
    train_share = 1 - quotas.calibration_share - quotas.test_share
    shares = np.array([[train_share], [quotas.calibration_share], [quotas.test_share]])
    minimums = np.zeros((len(PARTS), counts.shape[1]))
    minimums[:, :listed] = _minimums(counts[:, :listed], quotas)
    # A label whose recordings are all unreadable has none here.
    recordings = np.maximum(counts.sum(axis=0), 1)
    targets = np.maximum(shares * recordings, minimums)
    crowds = (counts**2 / recordings).sum(axis=1)
    # Other birds and sounds without one must not hide who has half of the listed recordings.
    sizes, wanted = counts[:, :listed].sum(axis=1), targets[:, :listed].sum(axis=1)
    huge = _huge(sizes, wanted) | _huge(counts.sum(axis=1), targets.sum(axis=1))
    crowds = crowds + sizes * np.maximum(sizes - 1, 0) / np.maximum(wanted, 1)[:, None]
    crowds[TRAIN], huge[TRAIN] = 0, False
    totals = np.array([0, 1, _test_total(counts[:, :listed], quotas)])
    return Problem(counts, CROWD_WEIGHT * crowds, huge, targets, minimums, totals, listed)


def _minimums(counts: Counts, quotas: Quotas) -> Counts:
    """Return the recordings [3, listed] that each part must have: counts [groups, listed]."""
    recordings, groups = counts.sum(axis=0), (counts > 0).sum(axis=0)
    test = np.clip(recordings // 3, 1, TEST_MINIMUM)
    calibration = np.where(groups == 2, 0, CALIBRATION_MINIMUM)
    if quotas.test_minimum is not None:
        test = np.full_like(test, quotas.test_minimum)
    if quotas.calibration_minimum is not None:
        calibration = np.full_like(calibration, quotas.calibration_minimum)
    return np.stack([np.ones_like(test), calibration, test])


def _test_total(counts: Counts, quotas: Quotas) -> int:
    if quotas.test_total is not None:
        return quotas.test_total
    return min(TEST_TOTAL, int(quotas.test_share * counts.sum()))


def _huge(sizes: Counts, targets: Counts) -> npt.NDArray[np.bool_]:
    """Return which groups, of `sizes` [groups], are too large for each part of `targets` [3]."""
    usual = float(np.median(sizes[sizes > 0])) if sizes.any() else 0
    most = np.maximum(LARGEST_SHARE * targets, LARGEST_MEDIANS * usual)
    return np.asarray(sizes > most[:, None])


def _anneal(problem: Problem, huge_cost: float, generator: np.random.Generator) -> Parts:
    """Return the best parts [groups], found by moving groups with ever less chance in it."""
    groups, chains = len(problem.counts), np.arange(CHAINS)
    parts = np.zeros((CHAINS, groups), np.int64)
    held_back = problem.crowds + huge_cost * problem.huge
    sums = _sums(problem, parts)
    for heat in np.linspace(START_HEAT, 0, SWEEPS):
        for group in generator.permuted(np.tile(np.arange(groups), (CHAINS, 1)), axis=1).T:
            sums[chains, parts[chains, group]] -= problem.counts[group]
            costs = _costs_of_placing(problem, sums, group) + held_back[:, group].T
            noise = heat * generator.gumbel(size=costs.shape)
            parts[chains, group] = np.argmin(costs + noise, axis=1)
            sums[chains, parts[chains, group]] += problem.counts[group]
    totals = _costs(problem, sums) + held_back[parts, np.arange(groups)].sum(axis=1)
    best: Parts = parts[np.argmin(totals)]
    return best


def _sums(problem: Problem, parts: Parts) -> Counts:
    """Count each label in each part: parts [chains, groups] -> [chains, 3, labels]."""
    return np.stack([(parts == part) @ problem.counts for part in range(len(PARTS))], axis=1)


def _costs_of_placing(problem: Problem, sums: Counts, group: Parts) -> Counts:
    """Return the cost of each part for one group of each chain [chains, 3].

    `sums` [chains, 3, labels] are without that group [chains].
    """
    costs = np.empty(sums.shape[:2])
    for part in range(len(PARTS)):
        sums[:, part] += problem.counts[group]
        costs[:, part] = _costs(problem, sums)
        sums[:, part] -= problem.counts[group]
    return costs


def _costs(problem: Problem, sums: Counts) -> Counts:
    """Return what wrong shares, relative to each label, and missed minimums cost: [chains]."""
    distortion = ((sums - problem.targets) ** 2 / problem.targets.sum(axis=0)).sum(axis=(1, 2))
    misses = np.maximum(problem.minimums - sums, 0).sum(axis=(1, 2))
    missing = np.maximum(problem.totals - sums[:, :, : problem.listed].sum(axis=2), 0).sum(axis=1)
    return np.asarray(distortion + MISS_WEIGHT * (misses + missing))


def _misses(problem: Problem, parts: Parts, names: list[str]) -> list[str]:
    sums = _sums(problem, parts[None])[0]
    totals = sums[:, : problem.listed].sum(axis=1)
    return [
        f"{names[label]}: {int(sums[part, label])} of {int(problem.minimums[part, label])}"
        f" in {PARTS[part]}"
        for part, label in np.argwhere(sums < problem.minimums)
    ] + [
        f"all listed species: {int(totals[part])} of {int(problem.totals[part])} in {PARTS[part]}"
        for (part,) in np.argwhere(totals < problem.totals)
    ]
