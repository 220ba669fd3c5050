"""The clip that a model must answer: made here, or read from a recording of the operator's.

This needs numpy, scipy, pydub and ffmpeg, so a dry run does not import it.
"""

from pathlib import Path

import numpy as np

from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.errors import ServiceError
from infra.endpoint.checks import Clip
from infra.errors import DeployError
from infra.song import make_song
from spectrogram_fn import spectrogram

SEED = 11
NOISE = 0.05
# Nobody waits for an answer here.
DECODE_SECONDS = 60.0


def read_or_make_clip(recording: Path | None, expected: str | None) -> Clip:
    return read_clip(recording, expected) if recording else make_clip()


def make_clip() -> Clip:
    """Return a clip of three windows: a song, the song in noise, noise alone."""
    samples = make_song(spectrogram.WINDOW_SECONDS, spectrogram.SAMPLE_RATE)
    song = spectrogram.from_pcm(samples.tobytes())
    noise = np.random.default_rng(SEED).normal(0, NOISE, song.size)
    return _to_clip(np.concatenate([song, song + noise, noise]).astype(np.float32), None)


def read_clip(path: Path, expected: str | None) -> Clip:
    """Return the clip of a recording in any format of the API. Raises DeployError on another."""
    try:
        pcm = decode(path.read_bytes(), DECODE_SECONDS)
    except (OSError, ServiceError) as error:
        raise DeployError(f"{path} is no smoke clip: {getattr(error, 'message', error)}") from error
    return _to_clip(spectrogram.from_pcm(pcm), expected)


def _to_clip(samples: spectrogram.Samples, expected: str | None) -> Clip:
    """Return samples [n], half a second at least, as a clip."""
    windows = [window.samples for window in spectrogram.split_windows(samples)]
    images = [spectrogram.to_bytes(spectrogram.to_spectrogram(window)) for window in windows]
    return Clip(tuple(image.tobytes() for image in images), spectrogram.SHAPE, expected)
