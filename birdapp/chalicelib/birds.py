"""Which birds sing: each listed species over its own windows (docs/contracts.md, "The birds").

tests/birds_cases.json holds the rule as a table that the page's JavaScript runs too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .pooling import BIRD, NO_BIRD, UNSURE, PooledWindow, Species, calibrate, cut

UNKNOWN_BIRD = "unknown_bird"
# From here on a species is a candidate where the model has no rule of birds.
LEAST_CANDIDATE = 0.1


@dataclass(frozen=True)
class BirdsRule:
    """The parameters of the rule; they come with the model.

    A window is a species' own from the probability `heard`; where it has fewer than
    `least_windows`, the others count as silent. Confidences from `candidate`, `bird`
    and `certain` make a candidate, an entry and a certain one. Where a window's `bird` reaches
    `sings`, a bird that is not listed sings if the windows' `another` exceeds the best confidence
    by more than `another`; in a model without these, if all are below `unknown`.
    """

    heard: float
    least_windows: int
    calibration: tuple[tuple[float, float], ...]
    candidate: float
    bird: float
    certain: float
    unknown: float
    sings: float
    another: float | None = None


class Span(NamedTuple):
    """Adjacent windows of one species, as one."""

    start_seconds: float
    end_seconds: float


class Entry(NamedTuple):
    """A listed species with the confidence that it sings, whatever else does."""

    name: str
    scientific_name: str
    confidence: float
    spans: Sequence[Span]


class Heard(NamedTuple):
    """The verdict, the certain and likely birds, and the candidates: each most certain first."""

    verdict: str
    birds: Sequence[Entry]
    candidates: Sequence[Entry]


def hear(windows: Sequence[PooledWindow], rule: BirdsRule) -> Heard:
    """Judge the windows of a recording, in their order in it."""
    counted = [window for window in windows if window.verdict != NO_BIRD]
    found = sorted(_entries(counted, rule), key=lambda one: (-one.confidence, one.scientific_name))
    birds = [entry for entry in found if entry.confidence >= rule.bird]
    candidates = [entry for entry in found if rule.candidate <= entry.confidence < rule.bird]
    best = found[0].confidence if found else 0.0
    return Heard(_verdict(counted, best, rule), birds, candidates)


def hear_one(windows: Sequence[PooledWindow], verdict: str, species: Sequence[Species]) -> Heard:
    """Return what a model without the rule says: its best species where the verdict is "bird"."""
    entries = [Entry(*one, _join(_best_in(windows, one))) for one in species]
    count = 1 if verdict == BIRD else 0
    likely = [entry for entry in entries[count:] if entry.confidence >= LEAST_CANDIDATE]
    return Heard(verdict, entries[:count], likely)


def _best_in(windows: Sequence[PooledWindow], species: Species) -> list[Span]:
    return [
        Span(window.start_seconds, window.end_seconds)
        for window in windows
        if window.verdict != NO_BIRD
        and window.species[0].scientific_name == species.scientific_name
    ]


def _verdict(counted: Sequence[PooledWindow], best: float, rule: BirdsRule) -> str:
    if not counted:
        return NO_BIRD
    if best >= rule.certain:
        return BIRD
    sings = max(window.bird for window in counted) >= rule.sings
    return UNKNOWN_BIRD if sings and _is_another(counted, best, rule) else UNSURE


def _is_another(counted: Sequence[PooledWindow], best: float, rule: BirdsRule) -> bool:
    if rule.another is None:
        return best < rule.unknown
    total = 0.0
    for window in counted:
        if window.another is None:
            return best < rule.unknown
        total += window.another * window.another
    return math.sqrt(total / len(counted)) - best > rule.another


def _entries(windows: Sequence[PooledWindow], rule: BirdsRule) -> list[Entry]:
    own: dict[tuple[str, str], list[tuple[float, Span]]] = {}
    for window in windows:
        for one in window.species:
            if one.probability >= rule.heard:
                heard = one.probability, Span(window.start_seconds, window.end_seconds)
                own.setdefault((one.name, one.scientific_name), []).append(heard)
    least = min(rule.least_windows, len(windows))
    return [
        Entry(
            *names,
            _confidence([one for one, _ in heard], max(least, len(heard)), rule),
            _join([at for _, at in heard]),
        )
        for names, heard in own.items()
    ]


def _confidence(probabilities: Sequence[float], count: int, rule: BirdsRule) -> float:
    """Return the calibrated mean of fourth powers, added in the windows' order, as a root."""
    total = 0.0
    for probability in probabilities:
        square = probability * probability
        total += square * square
    return cut(calibrate(math.sqrt(math.sqrt(total / count)), rule.calibration))


def _join(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].end_seconds == span.start_seconds:
            joined[-1] = Span(joined[-1].start_seconds, span.end_seconds)
        else:
            joined.append(span)
    return joined
