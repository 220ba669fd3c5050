"""The clip that a model must answer before and after it is deployed: made here, or a recording of the operator's."""

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np

from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.errors import ServiceError
from infra.errors import DeployError
from spectrogram_fn import spectrogram as signal_path

SEED = 11
# Nobody waits for an answer here.
DECODE_SECONDS = 60.0


@dataclass(frozen=True)
class Clip:
    """Windows [n] of uint8 [216, 514], row by row, and the label that must come first (None: any)."""

    windows: tuple[bytes, ...]
    expected: str | None = None

    def request(self) -> dict[str, Any]:
        """Write TensorFlow Serving's columnar request (docs/contracts.md)."""
        return {
            "inputs": {
                "spectrogram": [
                    {"b64": base64.b64encode(window).decode()} for window in self.windows
                ]
            }
        }


def smoke_clip(recording: Path | None, expected: str | None) -> Clip:
    """Read the operator's recording, or make a clip where none is given: no recording ships with the product."""
    return read_clip(recording, expected) if recording else made_clip()


def made_clip() -> Clip:
    """Make a clip of three windows: a song of chirps, chirps in noise, noise alone."""
    times = np.arange(signal_path.WINDOW_SAMPLES) / signal_path.SAMPLE_RATE
    song = (
        0.5
        * np.sin(2 * np.pi * (3_000 * times + 150 * np.sin(2 * np.pi * 4 * times)))
        * (times % 0.5 < 0.3)
    )
    noise = np.random.default_rng(SEED).normal(0, 0.05, times.size)
    return to_clip(np.concatenate([song, song + noise, noise]).astype(np.float32), None)


def read_clip(path: Path, expected: str | None) -> Clip:
    """Read a recording as the API does, in every format that it takes. Raises DeployError where it is none."""
    # The ffmpeg that comes with a pip package, unless the setting names another one.
    os.environ.setdefault("FFMPEG_BINARY", imageio_ffmpeg.get_ffmpeg_exe())
    try:
        pcm = decode(path.read_bytes(), DECODE_SECONDS)
    except (OSError, ServiceError) as error:
        raise DeployError(f"{path} is no smoke clip: {getattr(error, 'message', error)}") from error
    return to_clip(signal_path.from_pcm(pcm), expected)


def to_clip(samples: signal_path.Samples, expected: str | None) -> Clip:
    """Turn samples [n], half a second at least, into a clip."""
    windows = (
        signal_path.to_spectrogram(window.samples) for window in signal_path.split_windows(samples)
    )
    return Clip(tuple(signal_path.to_bytes(window).tobytes() for window in windows), expected)
