"""A model folder (docs/contracts.md) on LiteRT: load it, check it, predict with it."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from birdapp.chalicelib.model import parse_model, parse_prediction
from birdapp.chalicelib.validation import Fields, items, mapping, parse_json
from classifier_fn import classifier
from classifier_fn.classifier import FILES, Spectrograms

CONSTANTS: dict[str, Callable[[object], Any]] = {
    "labels": items,
    "names": items,
    "settings": mapping,
}
# Two keep two cores busy.
INTERPRETERS = 2


class BadModelError(Exception):
    """The folder holds no model that may serve: one sentence why."""


class Model(classifier.Model):
    """A loaded model, whose constants the main Lambda takes."""

    def __init__(self, network: bytes, constants: dict[str, Any]) -> None:
        super().__init__(network, constants, INTERPRETERS)
        self.version = parse_model(self.constants).version


def fingerprint(folder: Path) -> list[tuple[int, int, int]]:
    """Return what changes whenever a file of the folder does; missing files count as nothing."""
    states = []
    for name in FILES:
        with suppress(FileNotFoundError):
            states.append((folder / name).stat())
    return [(state.st_ino, state.st_mtime_ns, state.st_size) for state in states]


def load(folder: Path) -> Model:
    """Load a model folder. Raises BadModelError."""
    missing = [name for name in FILES if not (folder / name).exists()]
    if missing:
        raise BadModelError(f"{folder} holds no {' and no '.join(missing)}")
    network, constants = ((folder / name).read_bytes() for name in FILES)
    try:
        return Model(network, read_constants(constants, network))
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        raise BadModelError(f"{folder} does not load: {error}") from error


def read_constants(text: bytes, network: bytes) -> dict[str, Any]:
    """Read the constants that stand beside a network. Raises ValueError."""
    try:
        fields = Fields(parse_json(text), "constants.json: ")
    except UnicodeDecodeError as error:
        raise ValueError("constants.json is not UTF-8") from error
    for name, take in CONSTANTS.items():
        fields.take(name, take)
    return classifier.read_constants(text, network)


def check(model: Model, window: Spectrograms) -> None:
    """Let a model answer one window [216, 514], as the main Lambda would judge it.

    Raises BadModelError.
    """
    try:
        outputs = model.predict(window[np.newaxis])
    except (ValueError, TypeError, RuntimeError) as error:
        raise BadModelError(
            f"it does not answer a window of shape {list(window.shape)}: {error!r}"
        ) from error
    try:
        parse_prediction(model.constants | classifier.columns(outputs), 1)
    except ValueError as error:
        raise BadModelError(str(error)) from error


def noise(shape: tuple[int, ...]) -> Spectrograms:
    """Return a window of noise of this shape; it costs nothing to make."""
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def whistles() -> Spectrograms:
    """Return the spectrogram [216, 514] of whistles from 5 to 3 kHz, by the path of all sounds."""
    # scipy takes a second to import; a start needs none.
    from spectrogram_fn import spectrogram  # noqa: PLC0415

    times = np.arange(spectrogram.WINDOW_SAMPLES) / spectrogram.SAMPLE_RATE % 1
    samples = 0.3 * np.sin(2 * np.pi * (5_000 - 1_000 * times) * times)
    return spectrogram.to_bytes(spectrogram.to_spectrogram(samples.astype(np.float32)))
