"""The clip that a model must answer before and after it is deployed: made here, or a WAV file of the operator's."""

import base64
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deployment.problems import DeployError
from spectrogram_fn import spectrogram as signal_path

SEED = 11


@dataclass(frozen=True)
class Clip:
    """Windows [n] of uint8 [216, 514], row by row, and the label that must come first (None: any)."""

    windows: tuple[bytes, ...]
    expected: str | None = None

    def request(self) -> dict[str, Any]:
        """Write TensorFlow Serving's columnar request (docs/contracts.md)."""
        return {"inputs": {"spectrogram": [{"b64": base64.b64encode(window).decode()} for window in self.windows]}}


def made_clip() -> Clip:
    """Make a clip of three windows: a song of chirps, chirps in noise, noise alone."""
    times = np.arange(signal_path.WINDOW_SAMPLES) / signal_path.SAMPLE_RATE
    song = 0.5 * np.sin(2 * np.pi * (3_000 * times + 150 * np.sin(2 * np.pi * 4 * times))) * (times % 0.5 < 0.3)
    noise = np.random.default_rng(SEED).normal(0, 0.05, times.size)
    return to_clip(np.concatenate([song, song + noise, noise]).astype(np.float32), None)


def read_clip(path: Path, expected: str | None) -> Clip:
    """Read 16-bit mono WAV at 22,050 Hz. Raises DeployError for any other file: the API's decoder is not used here."""
    wanted = (1, 2, signal_path.SAMPLE_RATE)
    try:
        with wave.open(str(path)) as file:
            found = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            pcm = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise DeployError(f"{path} is no WAV file that can be read: {error}.") from error
    if found != wanted:
        raise DeployError(
            f"{path} must be 16-bit mono WAV at 22,050 Hz; `ffmpeg -i IN -ac 1 -ar 22050 -sample_fmt s16 OUT.wav`."
        )
    return to_clip(signal_path.from_pcm(pcm), expected)


def to_clip(samples: signal_path.Samples, expected: str | None) -> Clip:
    """Turn samples [n] into a clip. Raises DeployError when there are none."""
    if not samples.size:
        raise DeployError("The smoke clip is empty.")
    windows = (signal_path.to_spectrogram(window.samples) for window in signal_path.split_windows(samples))
    return Clip(tuple(signal_path.to_bytes(window).tobytes() for window in windows), expected)
