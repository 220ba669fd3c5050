"""The rule of `birds`, learnt where several sing: its curve and its thresholds.

Recordings of two listed species are laid over each other, and put one after the other: what is
certain must be right there too. The rule is answers.own_score, then the curve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import acoustics
import answers
import curves
import front
import numpy as np
import promises
from answers import Floats, Recording
from corpus import Bytes, Dataset

PAIRS = 200
# How far the second bird of an overlay is below the first.
OVERLAY_DECIBELS = (-12.0, 0.0)
# A species has a place in `birds` from its own windows alone: those with at least so much. One
# lucky window of many is no song.
HEARD, LEAST_WINDOWS = 0.15, 2
# A row of `birds` is more likely right than wrong; below come the candidates.
LEAST_BIRD, LEAST_CANDIDATE = 0.5, 0.1
# "A bird that I do not know" is promised to be said of so few recordings of listed species.
UNKNOWN_OF_LISTED = 0.05
# And so few recordings without a bird may be taken for one that is not known.
EMPTY_SINGS = 0.05
SEED = 2


@dataclass(frozen=True)
class Mixed:
    """Overlays: images of all their windows, and for each pair of windows' owners its rows."""

    images: Bytes
    rows: list[list[int]]
    truths: list[tuple[int, int]]
    places: list[tuple[int, int]]


@dataclass(frozen=True)
class Case:
    """A recording, real or made, and the classes of the listed species that sing in it."""

    recording: Recording
    truths: frozenset[int]


def overlay(images: Bytes, dataset: Dataset, indices: Sequence[int]) -> Mixed:
    """Lay windows of pairs of recordings of two listed species over each other."""
    random = np.random.default_rng(SEED)
    class_of = {label: place for place, label in enumerate(dataset.listed)}
    owned: dict[str, list[int]] = {}
    for index in indices:
        if dataset.rows[index]["primary_label"] in class_of:
            owned.setdefault(dataset.rows[index]["recording_id"], []).append(index)
    names = list(owned)
    truth = [class_of[dataset.rows[owned[name][0]]["primary_label"]] for name in names]
    mixed: list[Bytes] = []
    rows, truths, places = [], [], []
    for _ in range(PAIRS if len(set(truth)) > 1 else 0):
        one, other = random.choice(len(names), 2, replace=False)
        if truth[one] == truth[other]:
            continue
        first = len(mixed)
        level = acoustics.ratio(random.uniform(*OVERLAY_DECIBELS))
        for pair in zip(owned[names[one]], owned[names[other]], strict=False):
            powers = [front.POWERS[images[index]] for index in pair]
            loud, low = (power / np.float32(acoustics.loudness(power)) for power in powers)
            mixed.append(front.to_bytes(loud + low * level))
        rows.append(list(range(first, len(mixed))))
        truths.append((truth[one], truth[other]))
        places.append((int(one), int(other)))
    none = np.zeros((0, *images.shape[1:]), np.uint8)
    return Mixed(np.stack(mixed) if mixed else none, rows, truths, places)


def cases(found: Sequence[Recording], mixed: Mixed, chances: Floats, listed: int) -> list[Case]:
    """Return single recordings, overlays with the probabilities [n, classes], and sequences."""
    single = [Case(one, frozenset({one.truth} if one.truth < listed else set())) for one in found]
    over = [
        Case(Recording.of(chances[rows], listed, truth[0]), frozenset(truth))
        for rows, truth in zip(mixed.rows, mixed.truths, strict=True)
    ]
    alone = [one for one in found if one.truth < listed]
    after = []
    for one, other in mixed.places:
        pair = [alone[one], alone[other]]
        rows = np.concatenate([each.probabilities for each in pair])
        bird = np.concatenate([each.bird for each in pair])
        another = np.concatenate([each.another for each in pair])
        truths = frozenset(each.truth for each in pair)
        after.append(Case(Recording(rows, bird, another, pair[0].truth), truths))
    return single + over + after


def learn(found: Sequence[Case], no_bird: float, kinds: promises.Kinds) -> dict[str, Any]:
    """Return the settings of `birds`. `kinds` are those of the first cases, which are single."""
    scores = np.array(
        [answers.own_score(case.recording, HEARD, LEAST_WINDOWS, no_bird) for case in found]
    )
    classes = np.arange(scores.shape[1])
    right = np.array([np.isin(classes, list(case.truths)) for case in found])
    heard = scores > 0
    line, _ = curves.fit(
        lambda points: np.interp(scores[heard], curves.POINTS, points), right[heard]
    )
    points = np.round(curves.curve(line), 4)
    confidences = np.where(heard, np.interp(scores, curves.POINTS, points), 0.0)
    best = confidences.max(axis=1)
    singles = slice(0, len(kinds.known))
    single = [case.recording for case in found[singles]]
    sings = _sings(single, no_bird, kinds)
    another = np.array([answers.another_score(one, no_bird) for one in single])
    return {
        "rule": "own_windows",
        "heard": HEARD,
        "least_windows": LEAST_WINDOWS,
        "calibration": curves.table(points),
        "bird": LEAST_BIRD,
        "candidate": LEAST_CANDIDATE,
        "certain": _certain(confidences, right, kinds),
        "sings": sings,
        "unknown": max(0.0, -_rarely_above(-best[singles], single, sings, kinds)),
        "another": _rarely_above(another - best[singles], single, sings, kinds),
    }


def _rarely_above(
    signs: Floats, found: Sequence[Recording], sings: float, kinds: promises.Kinds
) -> float:
    """Return what a sign [n] of a bird that is not listed exceeds in few recordings of listed ones.

    Signs are in [-1, 1]; where no bird sings, they say nothing.
    """
    loud = np.array([one.bird.max() >= sings for one in found])
    known = np.sort(np.where(loud, signs, -1.0)[kinds.known])[::-1]
    if not known.size:
        return 1.0
    return round(float(known[int(promises.asked(UNKNOWN_OF_LISTED, known.size) * known.size)]), 4)


def _sings(found: Sequence[Recording], no_bird: float, kinds: promises.Kinds) -> float:
    """Return the `bird` that few recordings without one reach."""
    best = np.array([one.bird.max() for one in found])[kinds.empty]
    reached = float(np.quantile(best, 1 - EMPTY_SINGS)) if best.size else no_bird
    return round(min(max(reached, no_bird), promises.HIGHEST), 4)


def _certain(confidences: Floats, right: promises.Flags, kinds: promises.Kinds) -> float:
    """Return the lowest confidence [n, listed] from which an entry keeps the promises of `bird`."""
    best = confidences[: len(kinds.known)].max(axis=1)
    others, listed = ~kinds.known & ~kinds.empty, right.any(axis=1)
    for value in promises.CANDIDATES[promises.CANDIDATES >= LEAST_BIRD]:
        entries = right[listed][confidences[listed] >= value]
        precise = bool(entries.size) and entries.mean() >= promises.BIRD_IS_RIGHT
        rare = promises.at_most(promises.OTHER_SPECIES_AS_BIRD, best[others] >= value)
        if (
            precise
            and rare
            and promises.at_most(promises.NO_BIRD_AS_BIRD, best[kinds.empty] >= value)
        ):
            return float(value)
    return promises.HIGHEST
