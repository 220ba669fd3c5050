"""What a network looks at: all of a window's spectrogram, or 80 mel-like bands of it, as bytes."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import spectrogram

BANDS = 80
LOWEST_HZ = 250.0
# Two STFT columns (19.5 ms) make one: finer time did not help, and costs twice the work.
COLUMNS_PER_FRAME = 2
# One step of a byte in the logarithm of power, and back to a level of 0 to 1. Like all constants
# of the network they are rounded to 16 bits, which is what the LiteRT file keeps.
POWER_STEP = float(np.float16(spectrogram.DYNAMIC_RANGE_DB / 10 * math.log(10) / 255))
LEVEL_STEP = float(np.float16(1 / (255 * POWER_STEP)))

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# The power that each byte stands for, as a part of the loudest.
POWERS = np.exp((np.arange(256, dtype=np.float32) - 255) * np.float32(POWER_STEP))
LEAST_POWER = np.float32(POWERS[0])


@dataclass(frozen=True, eq=False)
class Front:
    """An image's shape [rows, columns], its rows' frequencies, and how bytes become it."""

    shape: tuple[int, int]
    hertz: Floats
    columns_per_second: float
    encode: Callable[[Bytes], Bytes]


def to_image(power: Floats) -> Floats:
    """Turn powers of any scale into levels in bytes [0, 255], not rounded: 255 is the loudest."""
    part = np.maximum(power / max(float(power.max()), 1e-30), LEAST_POWER)
    return np.asarray(np.log(part) * np.float32(1 / POWER_STEP) + 255, np.float32)


def to_bytes(power: Floats) -> Bytes:
    """Turn powers of any scale into an image."""
    return np.asarray(np.rint(to_image(power)), np.uint8)


def to_bands(image: Bytes) -> Bytes:
    """Average the powers of spectrogram bytes [216, 514] in bands and pairs of columns [80, 257].

    It is what the network's first layer computes (model.Bands), rounded to bytes.
    """
    power = POWERS[image]
    pairs = power.reshape(len(power), -1, COLUMNS_PER_FRAME).mean(axis=2)
    levels = np.log(mel_bands().T @ pairs) / np.float32(POWER_STEP) + 255
    return np.asarray(np.rint(levels.clip(0, 255)), np.uint8)


@cache
def mel_bands() -> Floats:
    """Return triangles on the mel scale over the STFT's bins: [216, BANDS], each adding up to 1."""
    edges, bins = (
        _edges(),
        np.linspace(0, spectrogram.SAMPLE_RATE / 2, spectrogram.SHAPE[0])[:, None],
    )
    # No triangle narrower than a bin on either side, or low bands would fall between two bins.
    rise = np.maximum(edges[1:-1] - edges[:-2], bins[1, 0])
    fall = np.maximum(edges[2:] - edges[1:-1], bins[1, 0])
    sides = np.minimum(1 + (bins - edges[1:-1]) / rise, 1 - (bins - edges[1:-1]) / fall)
    weights = np.clip(sides, 0, None)
    return np.asarray((weights / weights.sum(axis=0)).astype(np.float16), np.float32)


def _edges() -> npt.NDArray[np.float64]:
    mel = np.linspace(_to_mel(LOWEST_HZ), _to_mel(spectrogram.SAMPLE_RATE / 2), BANDS + 2)
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def _to_mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)


_COLUMNS_PER_SECOND = spectrogram.SAMPLE_RATE / spectrogram.HOP_SAMPLES
MEL = Front(
    (BANDS, spectrogram.SHAPE[1] // COLUMNS_PER_FRAME),
    _edges()[1:-1].astype(np.float32),
    _COLUMNS_PER_SECOND / COLUMNS_PER_FRAME,
    to_bands,
)
WHOLE = Front(
    spectrogram.SHAPE,
    np.linspace(0, spectrogram.SAMPLE_RATE / 2, spectrogram.SHAPE[0], dtype=np.float32),
    _COLUMNS_PER_SECOND,
    lambda image: image,
)
