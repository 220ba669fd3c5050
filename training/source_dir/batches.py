"""Examples -> batches of images, in which recorders differ and some times and bands are lost.

Masks are SpecAugment (Park 2019). Another recorder is MixStyle (Zhou 2021) band by band (Schmid
2022): mean and spread of another example's bands, for a share of them.
"""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import front
import numpy as np
import numpy.typing as npt
from sampler import Example

RECORDER_SHARE = 0.5
# A band in which nothing happens must not be divided by nothing; in bytes.
LEAST_SPREAD = 8.0
# The recorder's level and tilt, in bytes (0.3 dB each), and how much headroom it leaves.
COLOUR = 25.0
HEADROOM = 12.0
# The longest stretches that are lost, as parts of the columns and of the rows.
LONGEST_TIME_MASK = 0.155
LONGEST_BAND_MASK = 0.15
MASKS = 2
# A lost band is grey: neither loud nor silent.
GREY = 127.0
QUEUED_BATCHES = 8

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Random = np.random.Generator


@dataclass(frozen=True)
class Batch:
    """Images [b, rows, columns], targets [b, classes], embeddings [b, d] where known [b]."""

    images: Bytes
    targets: Floats
    embeddings: Floats
    known: Floats


def to_batch(examples: list[Example], random: Random, *, recorder_share: float) -> Batch:
    """Turn examples into what a network learns from in one step."""
    images = np.stack([front.to_image(example.power) for example in examples])
    images -= random.uniform(0, HEADROOM, (len(images), 1, 1)).astype(np.float32)
    images = other_recorders(images.clip(0, 255), random, share=recorder_share)
    for image in images:
        _lose(image, random)
    found = [example.embedding for example in examples]
    width = next((one.size for one in found if one is not None), 1)
    nothing = np.zeros(width, np.float32)
    return Batch(
        np.rint(images.clip(0, 255)).astype(np.uint8),
        np.stack([example.target for example in examples]),
        np.stack([nothing if one is None else one for one in found]).astype(np.float32),
        np.array([one is not None for one in found], np.float32),
    )


def other_recorders(images: Floats, random: Random, *, share: float) -> Floats:
    """Move mean and spread of a share of images' bands towards the next one's, and tilt all."""
    mean = images.mean(axis=2, keepdims=True)
    spread = np.sqrt(images.var(axis=2, keepdims=True) + LEAST_SPREAD**2)
    parts = random.random((len(images), 1, 1)) * (random.random((len(images), 1, 1)) < share)
    new_mean, new_spread = (
        own + parts.astype(np.float32) * (np.roll(own, -1, axis=0) - own) for own in (mean, spread)
    )
    slope = np.linspace(-1, 1, images.shape[1], dtype=np.float32)[None, :, None]
    level, tilt = random.normal(0, COLOUR, (2, len(images), 1, 1)).astype(np.float32)
    return np.asarray((images - mean) * (new_spread / spread) + (new_mean + level + tilt * slope))


def _lose(image: Floats, random: Random) -> None:
    """Set stretches of time to each band's mean, and stretches of bands to grey, in place."""
    rows, columns = image.shape
    mean = image.mean(axis=1, keepdims=True)
    for _ in range(MASKS):
        width = int(random.uniform(0, LONGEST_TIME_MASK * columns))
        start = int(random.integers(columns - width + 1))
        image[:, start : start + width] = mean
        height = int(random.uniform(0, LONGEST_BAND_MASK * rows))
        start = int(random.integers(rows - height + 1))
        image[start : start + height] = GREY


def ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Prepare batches in a thread of their own meanwhile. An error there is raised here."""
    ready: queue.Queue[object] = queue.Queue(QUEUED_BATCHES)

    def fill() -> None:
        try:
            for batch in batches:
                ready.put(batch)
            ready.put(None)
        except BaseException as error:
            ready.put(error)

    threading.Thread(target=fill, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item  # type: ignore[misc]
