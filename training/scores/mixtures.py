"""Recordings in which several birds sing, made from recordings of one each: samples [n], seeded.

Sequences and overlays are what a garden has; a scene is what a wood has: each bird from its own
distance, over wind, traffic or voices.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

from spectrogram_fn.spectrogram import SAMPLE_RATE

Samples = npt.NDArray[np.float32]
Random = np.random.Generator

SCENE_SECONDS = 10
SCENE_DECIBELS = 30.0
BACKGROUND_DECIBELS = (-20.0, 0.0)
# The loudness of a sound is that of its louder moments, so that pauses do not count.
FRAME_SAMPLES = SAMPLE_RATE // 50
LOUD_PERCENTILE = 95
LEAST_LOUDNESS = 1e-6
PEAK = 0.7
# Leaves and air take up to so much from each kilohertz, and a wood answers for so long.
FAR_DECIBELS = 3.0
ECHO_SECONDS = (0.2, 1.2)
ECHO_DECIBELS = (-15.0, 0.0)
ECHO_SHARE = 0.6


@dataclass(frozen=True)
class Mixture:
    """Samples [n], and the level in decibels below the loudest of each species in it."""

    samples: Samples
    levels: dict[str, float]


def loudness(samples: Samples) -> float:
    """Return the root mean square of the louder moments."""
    frames = samples[: max(1, samples.size // FRAME_SAMPLES) * FRAME_SAMPLES]
    frames = frames.reshape(-1, min(FRAME_SAMPLES, frames.size))
    powers = np.mean(frames.astype(np.float64) ** 2, axis=1)
    return max(math.sqrt(float(np.percentile(powers, LOUD_PERCENTILE))), LEAST_LOUDNESS)


def sequence(one: Samples, other: Samples) -> Samples:
    """Return one recording after the other, equally loud."""
    return _to_peak(np.concatenate([one / loudness(one), other / loudness(other)]))


def overlay(one: Samples, other: Samples) -> Samples:
    """Return two recordings at once, equally loud, as long as the shorter one."""
    length = min(one.size, other.size)
    pair = (samples[:length] for samples in (one, other))
    return _to_peak(sum(samples / loudness(samples) for samples in pair))


def scene(birds: Sequence[tuple[str, Samples]], background: Samples, random: Random) -> Mixture:
    """Return ten seconds with all birds, each from its own distance; the first one is loudest."""
    length, total = SCENE_SECONDS * SAMPLE_RATE, np.zeros(SCENE_SECONDS * SAMPLE_RATE)
    levels: dict[str, float] = {}
    for species, samples in birds:
        level = -random.uniform(0, SCENE_DECIBELS) if levels else 0.0
        heard = _far(_stretch(samples, length, random), random)
        total += heard / loudness(heard) * 10 ** (level / 20)
        levels[species] = level
    behind = np.resize(background, length)
    level = random.uniform(*BACKGROUND_DECIBELS)
    return Mixture(_to_peak(total + behind / loudness(behind) * 10 ** (level / 20)), levels)


def _stretch(samples: Samples, length: int, random: Random) -> Samples:
    """Return a stretch of a recording from anywhere in it; a short one is repeated."""
    if samples.size <= length:
        return np.resize(samples, length)
    start = int(random.integers(samples.size - length))
    return samples[start : start + length]


def _far(samples: Samples, random: Random) -> Samples:
    spectrum = np.fft.rfft(samples)
    kilohertz = np.fft.rfftfreq(samples.size, 1_000 / SAMPLE_RATE)
    spectrum *= 10 ** (-random.uniform(0, FAR_DECIBELS) * kilohertz / 20)
    heard = np.fft.irfft(spectrum, samples.size)
    if random.random() < ECHO_SHARE:
        count = int(random.uniform(*ECHO_SECONDS) * SAMPLE_RATE)
        tail = random.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
        tail *= 10 ** (random.uniform(*ECHO_DECIBELS) / 20) / math.sqrt(float((tail**2).sum()))
        tail[0] += 1
        heard = signal.fftconvolve(heard, tail)[: samples.size]
    return np.asarray(heard, np.float32)


def _to_peak(samples: npt.ArrayLike) -> Samples:
    found = np.asarray(samples, np.float32)
    return found * np.float32(PEAK / max(float(np.abs(found).max()), LEAST_LOUDNESS))
