"""The windows' species -> the recording's (docs/contracts.md, "The pooling rule").

tests/pooling_cases.json holds the same rule as a table that the page's JavaScript runs too. So sums
are loops in a stated order (from Python 3.12 on sum() rounds otherwise), and powers and roots are
repeated squares and roots.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

DECIMALS = 10_000
# Lets 0.57 * 10000, a little under 5700 in binary, count as 5700.
CUT_TOLERANCE = 0.000001
# A confidence of 1 has no odds: so much doubt stays.
LEAST_DOUBT = 1e-12
# Squares and square roots that make each power mean.
SQUARINGS = {1: 0, 2: 1, 4: 2}

BIRD, UNSURE, NO_BIRD = "bird", "unsure", "no_bird"


class Species(NamedTuple):
    """One line of an answer."""

    name: str
    scientific_name: str
    probability: float


class PooledWindow(NamedTuple):
    """A judged window: verdict, list, times, and the probability that any bird sings.

    `another`: that a bird sings which is not listed; None from a model that cannot say.
    """

    verdict: str
    species: Sequence[Species]
    start_seconds: float = 0.0
    end_seconds: float = 0.0
    bird: float = 1.0
    another: float | None = None


@dataclass(frozen=True)
class PoolingRule:
    """The parameters of the rule; they come with the model."""

    exponent: int
    species_per_window: int
    calibration: tuple[tuple[float, float], ...]
    bird_threshold: float


def cut(probability: float) -> float:
    """Cut a probability to four decimals, so that what is shown is what is pooled."""
    return math.floor(probability * DECIMALS + CUT_TOLERANCE) / DECIMALS


def ranked(species: Iterable[Species]) -> list[Species]:
    """Cut all probabilities, then sort: highest first, then by scientific name."""
    cut_species = [one._replace(probability=cut(one.probability)) for one in species]
    return sorted(cut_species, key=lambda one: (-one.probability, one.scientific_name))


def pool(windows: Sequence[PooledWindow], rule: PoolingRule) -> tuple[str, list[Species]]:
    """Join windows, in their order in the recording, into its verdict and its ranked species."""
    counted = [window for window in windows if window.verdict != NO_BIRD] or windows
    scores = _scores(counted, rule.exponent)
    confidences = {name: calibrate(score, rule.calibration) for name, score in scores.items()}
    names = {one.scientific_name: one.name for window in counted for one in window.species}
    shares = _share_out(confidences)
    species = ranked(
        Species(names[scientific], scientific, share) for scientific, share in shares.items()
    )
    return _verdict(windows, max(confidences.values()), rule), species


def _verdict(windows: Sequence[PooledWindow], best_confidence: float, rule: PoolingRule) -> str:
    if all(window.verdict == NO_BIRD for window in windows):
        return NO_BIRD
    return BIRD if best_confidence >= rule.bird_threshold else UNSURE


def _scores(windows: Sequence[PooledWindow], exponent: int) -> dict[str, float]:
    """The power mean of each scientific name over the windows."""
    totals: dict[str, float] = {}
    for window in windows:
        for one in window.species:
            power = one.probability
            for _ in range(SQUARINGS[exponent]):
                power *= power
            totals[one.scientific_name] = totals.get(one.scientific_name, 0.0) + power
    return {name: _root(total / len(windows), exponent) for name, total in totals.items()}


def _root(mean: float, exponent: int) -> float:
    for _ in range(SQUARINGS[exponent]):
        mean = math.sqrt(mean)
    return mean


def calibrate(score: float, points: Sequence[tuple[float, float]]) -> float:
    """Map a score along straight lines between the points."""
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if score <= x1:
            return y0 + (y1 - y0) * ((score - x0) / (x1 - x0))
    return points[-1][1]


def _share_out(confidences: dict[str, float]) -> dict[str, float]:
    """Bring confidences that add up to more than 1 to 1.

    Each goes towards its part of all odds, where that is less.
    """
    total = _total(confidences)
    if total <= 1:
        return confidences
    odds = {
        name: confidence / max(1.0 - confidence, LEAST_DOUBT)
        for name, confidence in confidences.items()
    }
    all_odds = _total(odds)
    least = {
        name: min(confidence, odds[name] / all_odds) for name, confidence in confidences.items()
    }
    kept = _total(least)
    part = (1.0 - kept) / (total - kept)
    return {
        name: least[name] + (confidence - least[name]) * part
        for name, confidence in confidences.items()
    }


def _total(values: dict[str, float]) -> float:
    total = 0.0
    for name in sorted(values):
        total += values[name]
    return total
