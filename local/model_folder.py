"""A model folder (docs/contracts.md) on LiteRT: load it, check it, predict with it."""

import hashlib
import json
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from birdapp.chalicelib.model import parse_model, parse_prediction
from birdapp.chalicelib.validation import Fields, items, mapping, parse_json

FILES = ("model.tflite", "constants.json")
CONSTANTS: dict[str, Callable[[object], Any]] = {
    "labels": items,
    "names": items,
    "settings": mapping,
}
DIGEST = "network_sha256"
# An interpreter serves one request at a time; two keep two cores busy. A second thread in each
# would cost a quarter more of the processor. Windows one by one cost the same as all in one batch,
# and less memory.
INTERPRETERS = 2
THREADS = 1

Spectrograms = npt.NDArray[np.uint8]


class BadModelError(Exception):
    """The folder holds no model that may serve: one sentence why."""


class Model:
    """A loaded model: its constants as the endpoint returns them, and a pool of interpreters."""

    def __init__(self, network: bytes, constants: dict[str, Any]) -> None:
        # The SavedModel holds the settings as a text too.
        self.constants = {**constants, "settings": json.dumps(constants["settings"])}
        self.version = parse_model(self.constants).version
        self._pool: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(INTERPRETERS):
            self._pool.put(
                Interpreter(model_content=network, num_threads=THREADS).get_signature_runner()
            )
        with self._runner() as runner:
            self.window_shape: tuple[int, ...] = tuple(
                runner.get_input_details()["spectrogram"]["shape"][1:]
            )

    def predict(self, windows: Spectrograms) -> dict[str, Any]:
        """Return the outputs for windows [n, 216, 514]: probabilities [n, k], perhaps bird [n]."""
        with self._runner() as runner:
            answers = [runner(spectrogram=windows[i : i + 1]) for i in range(len(windows))]
        return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}

    @contextmanager
    def _runner(self) -> Iterator[Any]:
        runner = self._pool.get()
        try:
            yield runner
        finally:
            self._pool.put(runner)


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
    # A folder half swapped holds the constants of one model and the network of another.
    if DIGEST in fields and fields.take(DIGEST, str) != hashlib.sha256(network).hexdigest():
        raise ValueError("constants.json belongs to another model.tflite")
    return {name: fields.take(name, check) for name, check in CONSTANTS.items()}


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
        parse_prediction(model.constants | columns(outputs), 1)
    except ValueError as error:
        raise BadModelError(str(error)) from error


def columns(outputs: dict[str, npt.NDArray[np.float32]]) -> dict[str, Any]:
    """Return outputs as JSON has them."""
    return {name: values.tolist() for name, values in outputs.items()}


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
