"""Make the probabilities mean what they say, and set the thresholds, on recordings not learnt from.

The calibration part is used three times: as it is, with noise over it, and as phones record.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import acoustics
import answers
import curves
import front
import keras
import numpy as np
import promises
import several
from answers import Floats, Recording, recordings
from corpus import Bytes, Dataset
from predictions import Predictions
from scipy import optimize, special

NOISE_DECIBELS = (-20.0, 0.0)
EXPONENTS = (1, 2, 4)
SPECIES_PER_WINDOW = 20
PREDICT_BATCH = 64
NOISES = 32
SEED = 1
# Of the scale: the logarithm of its slope, and its offset.
BOUNDS = ((-1.5, 1.5), (-2.0, 2.0))


@dataclass(frozen=True)
class Scale:
    """How logits become probabilities: times `slope`, and those of species, plus `offset`.

    Both are such that 16 bits hold them, which is what the LiteRT file keeps.
    """

    slope: float = 1.0
    offset: float = 0.0

    def probabilities(self, logits: Floats) -> Floats:
        """Turn logits [..., classes] into probabilities, each of its own.

        The last two are another bird and no bird.
        """
        scaled = logits * self.slope
        scaled[..., :-2] += self.offset
        return np.asarray(special.expit(scaled))


@dataclass(frozen=True)
class Calibration:
    """What the exported model carries beside its weights (docs/contracts.md, `settings`)."""

    scale: Scale
    thresholds: dict[str, float]
    pooling: dict[str, Any]
    birds: dict[str, Any]


def predict(network: keras.Model, images: Bytes, indices: Sequence[int]) -> Floats:
    """Return the logits [n, classes] of some of the images [all, rows, columns]."""
    logits = []
    for first in range(0, len(indices), PREDICT_BATCH):
        chunk = images[list(indices[first : first + PREDICT_BATCH])].astype(np.float32)
        found = network(chunk, training=False)
        logits.append(np.asarray(found[0] if isinstance(found, list | tuple) else found))
    return np.asarray(np.concatenate(logits), np.float64)


def quick_score(network: keras.Model, dataset: Dataset, images: Bytes) -> dict[str, float]:
    """Return top-1 and top-3 of the listed species' recordings in the calibration part."""
    listed, part = set(dataset.listed), dataset.part("calibration")
    indices = [index for index in part if dataset.rows[index]["primary_label"] in listed]
    if not indices:
        return {"top1": 0.0, "top3": 0.0}
    found = recordings(dataset, indices, Scale().probabilities(predict(network, images, indices)))
    truths = np.array([one.truth for one in found])
    scores = np.array([answers.score(one, 2, 0.0) for one in found])
    hits = np.argsort(-scores, axis=1) == truths[:, None]
    return {"top1": float(hits[:, 0].mean()), "top3": float(hits[:, :3].any(axis=1).mean())}


def hear(network: keras.Model, dataset: Dataset, images: Bytes, view: front.Front) -> Predictions:
    """Return what a network makes of the calibration part, of copies of it, and of overlays."""
    indices = dataset.part("calibration")
    random = np.random.default_rng(SEED)
    noises = np.stack([acoustics.noise_image(view, random) for _ in range(NOISES)])
    found = []
    # A few at a time: all copies of a large part would take gigabytes.
    for first in range(0, len(indices), PREDICT_BATCH):
        chunk = images[indices[first : first + PREDICT_BATCH]]
        copies = [chunk, *_copies(chunk, noises, view, random)]
        found.append([predict(network, copy, range(len(copy))) for copy in copies])
    logits = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    mixed = several.overlay(images, dataset, indices)
    over = predict(network, mixed.images, range(len(mixed.images)))
    return Predictions(indices, logits, mixed, over)


def calibrate(dataset: Dataset, made: Predictions) -> Calibration:
    """Learn scale, curves and thresholds from predictions on windows not learnt from."""
    indices, logits = made.indices, made.copies
    scale = _scale(dataset, indices, np.concatenate(logits))
    found = [
        recording
        for copy in logits
        for recording in recordings(dataset, indices, scale.probabilities(copy))
    ]
    listed, last = len(dataset.listed), len(dataset.classes) - 1
    kinds = promises.kinds(found, listed, last)
    no_bird = promises.no_bird_threshold(found, last)
    over = scale.probabilities(made.over)
    birds = several.learn(several.cases(found, made.mixed, over, listed), no_bird, kinds)
    exponent, points = _pooling(found, no_bird, listed)
    scores = np.array([answers.score(one, exponent, no_bird) for one in found])
    confidences = np.interp(scores.max(axis=1), curves.POINTS, points)
    # The verdict is "no bird", however sure the rest.
    confidences[[one.bird.max() < no_bird for one in found]] = 0
    right = scores.argmax(axis=1) == np.array([one.truth for one in found])
    pooling = {
        "rule": "power_mean",
        "exponent": exponent,
        "species_per_window": SPECIES_PER_WINDOW,
        "calibration": curves.table(points),
        "bird_threshold": promises.bird_threshold(confidences, right, kinds),
    }
    thresholds = {"bird": promises.window_threshold(found), "no_bird": no_bird}
    return Calibration(scale, thresholds, pooling, birds)


def _copies(
    images: Bytes, noises: Bytes, view: front.Front, random: np.random.Generator
) -> list[Bytes]:
    """Return images with noise over them, and images as phones record."""
    noisy, phone = [], []
    for image in images:
        power = front.POWERS[image]
        noise = front.POWERS[noises[random.integers(len(noises))]]
        level = acoustics.loudness(power) / acoustics.loudness(noise)
        level *= float(acoustics.ratio(random.uniform(*NOISE_DECIBELS)))
        noisy.append(front.to_bytes(power + noise * np.float32(level)))
        phone.append(front.to_bytes(acoustics.phone(power, view, random)))
    return [np.stack(noisy), np.stack(phone)]


def _scale(dataset: Dataset, indices: Sequence[int], logits: Floats) -> Scale:
    """Return the scale with the best Brier score of the best names, all recordings alike.

    The likelihood of the true species would be ruled by the windows in which it does not sing.
    """
    class_of = {label: place for place, label in enumerate(dataset.listed)}
    rows = [dataset.rows[index] for index in indices] * (len(logits) // len(indices))
    counts = Counter(row["recording_id"] for row in rows)
    kept = [place for place, row in enumerate(rows) if row["primary_label"] in class_of]
    truths = np.array([class_of[rows[place]["primary_label"]] for place in kept])
    weights = np.array([1 / counts[rows[place]["recording_id"]] for place in kept])
    best = logits[kept, : len(dataset.listed)]
    right, best = best.argmax(axis=1) == truths, best.max(axis=1)

    def loss(line: Floats) -> float:
        chances = special.expit(best * np.exp(line[0]) + line[1])
        return float((weights * (chances - right) ** 2).sum())

    slope, offset = optimize.minimize(loss, (-0.4, 0.2), method="Nelder-Mead", bounds=BOUNDS).x
    return Scale(float(np.float16(np.exp(slope))), float(np.float16(offset)))


def _pooling(found: Sequence[Recording], no_bird: float, listed: int) -> tuple[int, Floats]:
    """Return the exponent and the curve from score to confidence that make best names likeliest.

    The exponent is the one whose scores tell right from wrong best. Its curve is then fitted to
    what is shown: step 5 takes from the best name what its rivals get.
    """
    known = [one for one in found if one.truth < listed]
    truths = np.array([one.truth for one in known])
    scores = {
        exponent: np.array([answers.score(one, exponent, no_bird) for one in known])
        for exponent in EXPONENTS
    }

    def fit(exponent: int, shown: Callable[[Floats], Floats]) -> tuple[Floats, float]:
        own = scores[exponent]
        return curves.fit(
            lambda points: shown(np.interp(own, curves.POINTS, points)).max(axis=1),
            own.argmax(axis=1) == truths,
        )

    exponent = min(EXPONENTS, key=lambda one: fit(one, np.asarray)[1])
    return exponent, np.round(curves.curve(fit(exponent, answers.share_out)[0]), 4)
