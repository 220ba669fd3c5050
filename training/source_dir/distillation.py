"""Mixtures that a teacher has heard, for the end of a training.

A network that is asked about the same mixtures as its teacher learns more from it than one that is
told what the teacher heard in their parts (Beyer et al., 2022: "Knowledge distillation: a good
teacher is patient and consistent"). In docs/experiments.md: 1.6 points of right names.
"""

from dataclasses import dataclass

import front
import hearing
import numpy as np
import numpy.typing as npt
from corpus import Bytes, Dataset
from sampler import Example, Sampler

MIXTURES, IMAGES = "mixtures.npz", "mixtures.npy"
# So much of a batch; the rest are sounds by themselves.
SHARE = 0.7
# A bird this far below the loudest counts less and less.
FAINT_DECIBELS = 12.0

Halves = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Mixtures:
    """Images [n, rows, columns] on disk, targets [n, classes], embeddings [n, d] of a teacher."""

    images: Bytes
    usable: npt.NDArray[np.int64]
    targets: Halves
    embeddings: Halves

    def draw_among(self, singles: Sampler, size: int, random: np.random.Generator) -> list[Example]:
        """Return a batch's examples: mixtures, and among them sounds by themselves."""
        mixed = round(size * SHARE)
        examples = self.draw(mixed, random) + singles.draw_alone(size - mixed, random)
        random.shuffle(examples)
        return examples

    def draw(self, size: int, random: np.random.Generator) -> list[Example]:
        """Return examples, each turned around at random."""
        found = []
        for index in random.integers(len(self.usable), size=size):
            image = self.images[self.usable[index]]
            turned = np.roll(image, int(random.integers(image.shape[1])), axis=1)
            target, embedding = (
                one[index].astype(np.float32) for one in (self.targets, self.embeddings)
            )
            found.append(Example(front.POWERS[turned], target, embedding))
        return found


def read(dataset: Dataset, lessons: hearing.Lessons, view: front.Front) -> Mixtures | None:
    """Read the mixtures of a dataset's training part, if any are there for what is looked at.

    Raises ValueError on those of another network.
    """
    path, centre = dataset.folder / MIXTURES, lessons.centre
    if not path.exists() or centre is None or view is not front.MEL:
        return None
    images: Bytes = np.load(dataset.folder / IMAGES, mmap_mode="r")
    with np.load(path) as content:
        arrays = {name: content[name] for name in content}
    if images.shape != (len(arrays["windows"]), *view.shape):
        raise ValueError(
            f"{path}: expected {len(arrays['windows'])} images of {view.shape}, got {images.shape}"
        )
    learns = np.array([row["part"] == "train" for row in dataset.rows])
    windows = arrays["windows"]
    usable = np.flatnonzero((learns[windows] | (windows < 0)).all(axis=1))
    if not len(usable):
        return None
    scores = hearing.by_class(dataset, arrays["labels"], arrays["scores"][usable])
    targets = _targets(dataset, lessons, scores, windows[usable], arrays["decibels"][usable])
    embeddings = (arrays["embedding"][usable].astype(np.float32) - centre.mean) / centre.spread
    return Mixtures(images, usable, targets, embeddings.astype(np.float16))


def _targets(
    dataset: Dataset,
    lessons: hearing.Lessons,
    heard: hearing.Scores,
    windows: npt.NDArray[np.int32],
    decibels: Halves,
) -> Halves:
    """Return targets [n, classes]: half of what is in a mixture, half of what is heard in it."""
    place = {label: column for column, label in enumerate(dataset.classes)}
    own = np.array([place[row["primary_label"]] for row in dataset.rows])
    labels = np.zeros(heard.scores.shape, np.float32)
    some, last = np.zeros(len(windows), bool), len(dataset.classes) - 1
    each = np.arange(len(windows))
    for part, level in zip(windows.T, decibels.T.astype(np.float32), strict=True):
        column, on = own[part], part >= 0
        loud = 1 - 0.5 * np.clip((-level - FAINT_DECIBELS) / 12, 0, 1)
        loud = np.where(np.isfinite(level), loud, 0)
        target = np.where(on, lessons.targets[part, column] * loud, 0)
        labels[each, column] = np.maximum(labels[each, column], target)
        some |= on & (column != last)
    sure = np.minimum(heard.scores * hearing.SCORE_GAIN, 1)
    sure = np.where(heard.knows, sure, labels)
    mixed = hearing.LABEL_SHARE * labels + (1 - hearing.LABEL_SHARE) * sure
    scores = np.where(heard.scores >= hearing.LEAST_BACKGROUND, heard.scores, 0)
    targets = np.where(labels > 0, mixed, scores)
    targets[:, last] = ~some
    targets[~some, :last] = 0
    hearing.set_another(targets, len(dataset.listed))
    return np.asarray(targets, np.float16)
