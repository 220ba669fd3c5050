"""The signal path: mono samples -> 5 s windows -> STFT -> [216, 514] in [0, 1] (report, 3.1, 4.1).

Every number of the path stands here and nowhere else; training imports this file.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

Samples = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

# The report says 22.5 kHz, but only 22,050 Hz gives its 514 columns.
SAMPLE_RATE = 22_050
WINDOW_SECONDS = 5
WINDOW_SAMPLES = SAMPLE_RATE * WINDOW_SECONDS
SEGMENT_SAMPLES = 430
HOP_SAMPLES = SEGMENT_SAMPLES // 2
SHAPE = (216, 514)

# A shorter remainder never becomes a window of its own.
MIN_REMAINDER_SAMPLES = SAMPLE_RATE // 2
# RMS in dB of full scale, after the mean is removed: dithered digital silence stays below it.
SILENCE_DBFS = -80.0
# Values this far below the loudest one are 0: 16-bit sound holds little more.
DYNAMIC_RANGE_DB = 80.0
LEAST_POWER = 10 ** (-DYNAMIC_RANGE_DB / 10)
# Wind and handling rumble lie below; they must not push a quiet bird under the range.
LOUDEST_FROM_HZ = 200
PCM_FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class Window:
    """Five seconds of a recording: samples [WINDOW_SAMPLES], and their place in seconds."""

    start_seconds: float
    end_seconds: float
    samples: Samples


def from_pcm(pcm: bytes) -> Samples:
    """Return the samples [n] in [-1, 1) of 16-bit little-endian mono PCM.

    Raises ValueError on half a sample.
    """
    return (np.frombuffer(pcm, dtype="<i2") / np.float32(PCM_FULL_SCALE)).astype(np.float32)


def seconds(sample_count: int) -> float:
    """Turn a number of samples into seconds, to the millisecond."""
    return round(sample_count / SAMPLE_RATE, 3)


def split_windows(samples: Samples) -> list[Window]:
    """Return the windows of samples [n], which cover the recording (report, 4.1).

    A recording under 5 s, and a remainder of at least 0.5 s, is repeated until it fills 5 s.
    A shorter remainder joins the time of the window before it. Raises ValueError when n is 0.
    """
    if samples.size == 0:
        raise ValueError("a recording needs at least one sample, got none")
    starts = list(range(0, samples.size, WINDOW_SAMPLES))
    if len(starts) > 1 and samples.size - starts[-1] < MIN_REMAINDER_SAMPLES:
        starts.pop()
    ends = [*starts[1:], samples.size]
    return [
        Window(
            seconds(start),
            seconds(end),
            np.resize(samples[start : start + WINDOW_SAMPLES], WINDOW_SAMPLES),
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def is_silent(window: Samples) -> bool:
    """Return whether samples [n] hold nothing but a constant and noise below SILENCE_DBFS."""
    return bool(window.std(dtype=np.float64) < 10 ** (SILENCE_DBFS / 20))


def to_spectrogram(window: Samples) -> Samples:
    """Return one window's [WINDOW_SAMPLES] scaled log-STFT [216, 514] in [0, 1] (report, 3.1, 4.1).

    A silent window is all 0. Raises ValueError on any other number of samples.
    """
    return to_levels(to_power(window))


def to_power(window: Samples) -> Samples:
    """Return the squared modulus of one window's [WINDOW_SAMPLES] STFT [216, 514]; 0 if silent."""
    if window.shape != (WINDOW_SAMPLES,):
        raise ValueError(f"a window has {WINDOW_SAMPLES} samples, got {window.shape}")
    if is_silent(window):
        return np.zeros(SHAPE, np.float32)
    centred = (window - window.mean(dtype=np.float64)).astype(np.float32)
    _, _, stft = signal.stft(centred, fs=SAMPLE_RATE, nperseg=SEGMENT_SAMPLES, noverlap=HOP_SAMPLES)
    return np.asarray(stft.real**2 + stft.imag**2)


def to_levels(power: Samples) -> Samples:
    """Return powers [216, 514] in decibels: 1 is the loudest above 200 Hz, 0 is 80 dB less."""
    reference = loudest(power)
    if not reference:
        return np.zeros(SHAPE, np.float32)
    levels = np.log(np.clip(power / np.float32(reference), np.float32(LEAST_POWER), 1))
    levels *= np.float32(10 / math.log(10) / DYNAMIC_RANGE_DB)
    levels += 1
    return np.asarray(np.maximum(levels, 0))


def loudest(power: Samples) -> float:
    """Return the power in [216, 514] that becomes 1: the greatest above 200 Hz, or near it."""
    first_bin = int(np.ceil(LOUDEST_FROM_HZ * SEGMENT_SAMPLES / SAMPLE_RATE))
    # A tone below 200 Hz may leave nothing above: the reference then stays in range of the whole.
    return max(float(power[first_bin:].max()), float(power.max()) * LEAST_POWER)


def to_bytes(spectrogram: Samples) -> Bytes:
    """Return a spectrogram [216, 514] in [0, 1] as bytes: what travels, what the network learns."""
    return np.rint(spectrogram * 255).astype(np.uint8)
