"""What sings in each window, as far as is known: what a network learns from it, and how often.

A recording's label says nothing about each of its seconds. A file of scores (training.prepare,
--window-weights) does: windows in which the label is heard are drawn more, and birds in the
background become targets of their own.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from corpus import NO_BIRD, Dataset

HEARD = "heard.npz"
# A recording in which the label never gets so much is judged by what happens in it alone.
LEAST_HEARD = 0.1
# No window of a recording is never drawn.
LEAST_WEIGHT = 0.03
LEAST_ACTIVITY_WEIGHT = 0.05
# The label's target is half its own and half the score; where nobody heard it, so much.
LABEL_SHARE = 0.5
UNHEARD_TARGET = 0.9
# Scores say less than a fact: from 1 / 1.3 on they count as certain.
SCORE_GAIN = 1.3
LEAST_BACKGROUND = 0.02

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Centre:
    """The mean [d] of embeddings, and their spread over all dimensions."""

    mean: Floats
    spread: float


@dataclass(frozen=True)
class Scores:
    """How sure a listener is of each class in each window: scores [n, classes] in [0, 1].

    `knows` [classes]: which of them it could name at all. `embedding` [n, d]: how it hears the
    window, where it has that, less its `centre`.
    """

    scores: Floats
    knows: npt.NDArray[np.bool_]
    embedding: Floats | None = None
    centre: Centre | None = None


@dataclass(frozen=True)
class Lessons:
    """For each window: targets [n, classes], the weight [n] within its recording, an embedding."""

    targets: Floats
    weights: Floats
    embedding: Floats | None
    centre: Centre | None


def read_scores(dataset: Dataset) -> Scores | None:
    """Read the scores beside a dataset, if any. Raises ValueError on another dataset's."""
    path = dataset.folder / HEARD
    if not path.exists():
        return None
    with np.load(path) as arrays:
        labels, scores = arrays["labels"], np.nan_to_num(arrays["scores"])
        embedding = arrays["embedding"].astype(np.float32) if "embedding" in arrays else None
    if len(scores) != len(dataset.rows):
        raise ValueError(f"{path}: expected {len(dataset.rows)} windows, got {len(scores)}")
    found = by_class(dataset, labels, scores)
    if embedding is None:
        return found
    centre = _centre(embedding)
    embedding = (embedding - centre.mean) / np.float32(centre.spread)
    return replace(found, embedding=embedding, centre=centre)


def by_class(
    dataset: Dataset, labels: npt.NDArray[np.str_], scores: npt.NDArray[np.float16]
) -> Scores:
    """Return scores [n, labels] as those of a dataset's classes."""
    place = {str(label): column for column, label in enumerate(labels)}
    columns = [place.get(label, -1) for label in dataset.classes]
    knows = np.array(columns) >= 0
    return Scores(np.where(knows, scores[:, columns].astype(np.float32), 0), knows)


def _centre(embedding: Floats) -> Centre:
    """NaN are the embeddings of windows that nobody was asked about."""
    mean = np.nanmean(embedding, axis=0)
    return Centre(mean, max(float(np.nanstd(embedding - mean)), 1e-6))


def make_lessons(dataset: Dataset, scores: Scores | None) -> Lessons:
    """Return what each window teaches, with or without somebody's scores."""
    class_of = {label: place for place, label in enumerate(dataset.classes)}
    targets = np.zeros((len(dataset.rows), len(dataset.classes)), np.float32)
    weights = np.zeros(len(dataset.rows), np.float32)
    if scores:
        targets += np.where(scores.scores >= LEAST_BACKGROUND, scores.scores, 0)
    for label, windows in recordings(dataset):
        own = class_of[label]
        activity = np.array([float(dataset.rows[index]["activity"]) for index in windows])
        weights[windows] = np.maximum(activity / max(activity.max(), 1e-6), LEAST_ACTIVITY_WEIGHT)
        if label == NO_BIRD:
            targets[windows] = 0
            targets[windows, own] = 1
            continue
        targets[windows, own] = 1
        if scores and scores.knows[own]:
            heard = scores.scores[windows, own]
            targets[windows, own] = UNHEARD_TARGET
            if heard.max() >= LEAST_HEARD:
                weights[windows] = np.maximum(heard, LEAST_WEIGHT)
                sure = np.minimum(heard * SCORE_GAIN, 1)
                targets[windows, own] = LABEL_SHARE + (1 - LABEL_SHARE) * sure
    set_another(targets, len(dataset.listed))
    if scores is None:
        return Lessons(targets, weights, None, None)
    return Lessons(targets, weights, scores.embedding, scores.centre)


def set_another(targets: npt.NDArray[np.floating], listed: int) -> None:
    """Let another bird sing as surely as the surest of those that are not listed."""
    if targets[:, listed:-2].size:
        targets[:, -2] = targets[:, listed:-2].max(axis=1)


def recordings(dataset: Dataset) -> list[tuple[str, list[int]]]:
    """Return the label and the windows, but for silent ones, of each recording."""
    found: dict[tuple[str, str], list[int]] = {}
    for index, row in enumerate(dataset.rows):
        if row["silent"] == "0":
            found.setdefault((row["primary_label"], row["recording_id"]), []).append(index)
    return [(label, windows) for (label, _), windows in found.items()]
