"""Make the probabilities mean what they say, and set the thresholds, on recordings that the network did not learn from.

The calibration part is used twice: as it is, and with noise laid over it, because phones record worse than experts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import sampler
import spectrogram
from scipy import optimize, special

# What the thresholds promise (docs: the model card), 0.9, 0.15 and 0.02, asked of the calibration part with a margin:
# of our 57 recordings of other species there, so few that the true share is below 15 % nineteen times in twenty.
BIRD_IS_RIGHT = 0.92
OTHER_SPECIES_AS_BIRD = 0.06
NO_BIRD_AS_BIRD = 0.02
WINDOW_IS_RIGHT = 0.85
NOISE_DECIBELS = (-20.0, 0.0)
# Each window of the calibration part counts as it is, and with noise over it.
COPIES = 2
EXPONENTS = (1, 2, 4)
SPECIES_PER_WINDOW = 20
CURVE_POINTS = np.round(np.linspace(0, 1, 21), 2)
# Slope and offset of the curve: where the search begins, and how far it may go.
LINE_START = (1.5, 0.5)
LINE_BOUNDS = ((0.1, 10.0), (-5.0, 5.0))
# A confidence of 1 has no odds: so much doubt stays.
LEAST_DOUBT = 1e-12
PREDICT_BATCH = 64

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Calibration:
    """What the exported model carries beside its weights (docs/contracts.md, `settings`)."""

    temperature: float
    thresholds: dict[str, float]
    pooling: dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """One recording's windows: probabilities [n, listed], bird [n], and its true class among all classes."""

    probabilities: Floats
    bird: Floats
    truth: int


def predict(
    network: keras.Model,
    dataset: sampler.Dataset,
    indices: Sequence[int],
    *,
    noise_seed: int | None = None,
) -> Floats:
    """Give the logits [n, classes] of windows, with noise laid over them where a seed for it is given."""
    logits = []
    for first in range(0, len(indices), PREDICT_BATCH):
        chunk = indices[first : first + PREDICT_BATCH]
        images = np.stack([image(dataset, index, noise_seed) for index in chunk])
        logits.append(np.asarray(network(images.astype(np.float32), training=False)))
    return np.asarray(np.concatenate(logits), np.float64)


def image(
    dataset: sampler.Dataset, index: int, noise_seed: int | None = None
) -> npt.NDArray[np.uint8]:
    """The spectrogram bytes [216, 514] of a window: the same, to the byte, that the Lambda sends to the endpoint."""
    sound = dataset.windows[index].astype(np.float32) / np.float32(spectrogram.PCM_FULL_SCALE)
    if noise_seed is not None:
        random = np.random.default_rng((noise_seed, index))
        level = np.float32(10 ** (random.uniform(*NOISE_DECIBELS) / 20))
        sound = sound + sampler.noise(random) * level * np.float32(sampler.rms(sound))
    return spectrogram.to_bytes(spectrogram.to_spectrogram(sound))


def softmax(logits: Floats, temperature: float) -> Floats:
    """Turn logits [n, classes] into probabilities [n, classes]."""
    scaled = logits / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def quick_score(network: keras.Model, dataset: sampler.Dataset, part: str) -> dict[str, float]:
    """Top-1 and top-3 of the listed species' recordings of a part, by the mean over their windows."""
    listed = len(dataset.listed)
    indices = [
        index
        for index in dataset.part(part)
        if dataset.rows[index]["primary_label"] in dataset.listed
    ]
    if not indices:
        return {"top1": 0.0, "top3": 0.0}
    truths, means = [], []
    for recording in recordings(dataset, indices, softmax(predict(network, dataset, indices), 1.0)):
        truths.append(recording.truth)
        means.append(recording.probabilities.mean(axis=0))
    order = np.argsort(-np.array(means)[:, :listed], axis=1)
    hits = order == np.array(truths)[:, None]
    return {"top1": float(hits[:, 0].mean()), "top3": float(hits[:, :3].any(axis=1).mean())}


def recordings(
    dataset: sampler.Dataset, indices: Sequence[int], probabilities: Floats
) -> list[Recording]:
    """Group the rows of probabilities [n, classes] by recording. A class that was not learnt counts as an other one."""
    class_of = {label: place for place, label in enumerate(dataset.classes)}
    places: dict[str, list[int]] = {}
    for place, index in enumerate(indices):
        places.setdefault(dataset.rows[index]["recording_id"], []).append(place)
    listed = len(dataset.listed)
    return [
        Recording(
            probabilities[rows, :listed],
            1 - probabilities[rows, -1],
            class_of.get(dataset.rows[indices[rows[0]]]["primary_label"], listed),
        )
        for rows in places.values()
    ]


def calibrate(network: keras.Model, dataset: sampler.Dataset) -> Calibration:
    """Learn temperature, pooling and thresholds on the calibration part, clean and noisy."""
    indices = dataset.part("calibration")
    logits = np.concatenate(
        [predict(network, dataset, indices), predict(network, dataset, indices, noise_seed=1)]
    )
    temperature = _temperature(dataset, indices, logits)
    probabilities = softmax(logits, temperature)
    copies = np.split(probabilities, COPIES)
    found = [recording for copy in copies for recording in recordings(dataset, indices, copy)]
    listed, no_bird_class = len(dataset.listed), len(dataset.classes) - 1
    no_bird = _no_bird_threshold(found, no_bird_class)
    exponent, points = _pooling(found, no_bird, listed)
    scores, truths = (
        np.array([score(one, exponent, no_bird) for one in found]),
        np.array([one.truth for one in found]),
    )
    confidences, right = (
        np.interp(scores.max(axis=1), CURVE_POINTS, points),
        scores.argmax(axis=1) == truths,
    )
    confidences[[one.bird.max() < no_bird for one in found]] = (
        0  # The verdict is "no bird", however sure the rest.
    )
    known, empty = truths < listed, truths == no_bird_class
    pooling = {
        "rule": "power_mean",
        "exponent": exponent,
        "species_per_window": SPECIES_PER_WINDOW,
        "calibration": [[float(x), float(y)] for x, y in zip(CURVE_POINTS, points, strict=True)],
        "bird_threshold": _bird_threshold(confidences, right, known, empty),
    }
    thresholds = {"bird": _window_threshold(found), "no_bird": no_bird}
    return Calibration(temperature, thresholds, pooling)


def score(recording: Recording, exponent: int, no_bird: float) -> Floats:
    """Pool a recording's windows to scores [listed], by the rule of docs/contracts.md, steps 2 and 3."""
    counted = recording.probabilities[recording.bird >= no_bird]
    if not counted.size:
        counted = recording.probabilities
    return np.asarray(np.mean(counted**exponent, axis=0) ** (1 / exponent))


def share_out(confidences: Floats) -> Floats:
    """Turn confidences [n, listed] into the probabilities that are shown, by the rule of docs/contracts.md, step 5."""
    total = confidences.sum(axis=1, keepdims=True)
    odds = confidences / np.maximum(1 - confidences, LEAST_DOUBT)
    least = np.minimum(confidences, odds / np.maximum(odds.sum(axis=1, keepdims=True), LEAST_DOUBT))
    kept = least.sum(axis=1, keepdims=True)
    part = (1 - kept) / np.where(total > 1, total - kept, 1)
    return np.asarray(np.where(total > 1, least + (confidences - least) * part, confidences))


def _temperature(dataset: sampler.Dataset, indices: Sequence[int], logits: Floats) -> float:
    """The temperature whose best listed species have the best Brier score, each recording counting alike.

    The likelihood of the true species would be ruled by the windows in which it does not sing.
    """
    class_of = {label: place for place, label in enumerate(dataset.classes)}
    rows = [dataset.rows[index] for index in indices] * (len(logits) // len(indices))
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["recording_id"]] = counts.get(row["recording_id"], 0) + 1
    kept = [place for place, row in enumerate(rows) if row["primary_label"] in dataset.listed]
    truths = np.array([class_of[rows[place]["primary_label"]] for place in kept])
    weights = np.array([1 / counts[rows[place]["recording_id"]] for place in kept])

    def loss(log_temperature: float) -> float:
        listed = softmax(logits[kept], float(np.exp(log_temperature)))[:, : len(dataset.listed)]
        return float(
            (weights * (listed.max(axis=1) - (listed.argmax(axis=1) == truths)) ** 2).sum()
        )

    sharpness = np.float16(
        np.exp(-optimize.minimize_scalar(loss, bounds=(-1.5, 1.5), method="bounded").x)
    )
    return 1 / float(sharpness)  # Its inverse is what the LiteRT file keeps, in 16 bits.


def _no_bird_threshold(found: Sequence[Recording], no_bird_class: int) -> float:
    """The `bird` value that best parts recordings with a bird (their best window) from windows without one."""
    with_bird = np.array([one.bird.max() for one in found if one.truth != no_bird_class])
    without = np.concatenate(
        [one.bird for one in found if one.truth == no_bird_class] or [np.zeros(1)]
    )
    candidates = np.round(np.linspace(0.05, 0.7, 66), 2)
    merits = [(with_bird >= value).mean() * 2 + (without < value).mean() for value in candidates]
    return float(candidates[int(np.argmax(merits))])


def _pooling(found: Sequence[Recording], no_bird: float, listed: int) -> tuple[int, Floats]:
    """The exponent, and the curve from score to confidence (Platt, 1999), that make the best names the likeliest.

    The exponent is the one whose scores tell right from wrong best. Its curve is then fitted to what is shown: step 5
    takes from the best name what its rivals get.
    """
    known = [one for one in found if one.truth < listed]
    truths = np.array([one.truth for one in known])
    scores = {
        exponent: np.array([score(one, exponent, no_bird) for one in known])
        for exponent in EXPONENTS
    }

    def fit(exponent: int, shown: Callable[[Floats], Floats]) -> Any:
        right = scores[exponent].argmax(axis=1) == truths

        def loss(line: Floats) -> float:
            chances = shown(np.interp(scores[exponent], CURVE_POINTS, _curve(line))).max(axis=1)
            return float(-np.log(np.maximum(np.where(right, chances, 1 - chances), 1e-4)).mean())

        return optimize.minimize(loss, LINE_START, method="Nelder-Mead", bounds=LINE_BOUNDS)

    exponent = min(EXPONENTS, key=lambda one: float(fit(one, np.asarray).fun))
    return exponent, np.round(_curve(fit(exponent, share_out).x), 4)


def _curve(line: Floats) -> Floats:
    """The confidences at CURVE_POINTS: a line [slope, offset] between the logits of score and confidence."""
    points = special.expit(line[0] * special.logit(np.clip(CURVE_POINTS, 1e-4, 1 - 1e-4)) + line[1])
    points[0], points[-1] = 0.0, 1.0
    return np.asarray(points)


def _bird_threshold(confidences: Floats, right: Flags, known: Flags, empty: Flags) -> float:
    """The lowest confidence from which "bird" keeps its promises: right for listed species, rare for all else.

    One recording, clean and noisy, is never too many: among few, the strangest would rule.
    """

    def at_most(share: float, of: Flags) -> bool:
        return bool(of.sum() <= max(share * of.size, COPIES))

    for value in np.round(np.linspace(0.3, 0.99, 70), 2):
        said = confidences >= value
        precise = bool(right[said & known].size) and right[said & known].mean() >= BIRD_IS_RIGHT
        rare = at_most(OTHER_SPECIES_AS_BIRD, said[~known & ~empty]) and at_most(
            NO_BIRD_AS_BIRD, said[empty]
        )
        if precise and rare:
            return float(value)
    return 0.99


def _window_threshold(found: Sequence[Recording]) -> float:
    """The lowest probability from which a window's best species is its recording's in WINDOW_IS_RIGHT of the cases."""
    tops = np.concatenate([one.probabilities.max(axis=1) for one in found])
    right = np.concatenate([one.probabilities.argmax(axis=1) == one.truth for one in found])
    for value in np.round(np.linspace(0.3, 0.99, 70), 2):
        if (tops >= value).any() and right[tops >= value].mean() >= WINDOW_IS_RIGHT:
            return float(value)
    return 0.99
