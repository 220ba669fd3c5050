"""A model folder (docs/contracts.md) on LiteRT: load it, check it, predict with it."""

import json
import queue
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

FILES = ("model.tflite", "constants.json")
SETTINGS = ("version", "thresholds", "pooling")
# An interpreter serves one request at a time; two keep two cores busy. A second thread in each would cost a quarter
# more of the processor. Windows one by one cost the same as all in one batch, and less memory.
INTERPRETERS = 2
THREADS = 1
MOST_ROW_SUM = 1.001

Spectrograms = npt.NDArray[np.uint8]


class BadModelError(Exception):
    """The folder holds no model that may serve: one sentence why."""


class Model:
    """A loaded model: labels [k], display names [k], settings as JSON text, and a pool of interpreters."""

    def __init__(self, network: bytes, constants: dict[str, Any]) -> None:
        self.labels, self.names = list(constants["labels"]), list(constants["names"])
        self.settings = json.dumps({name: constants["settings"][name] for name in SETTINGS})
        self.version = str(constants["settings"]["version"])
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
        """Turn windows [n, 216, 514] into outputs: probabilities [n, k] and, where the network has it, bird [n]."""
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
    """Tell one state of the folder's files from another. Files that are missing count as nothing."""
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
    try:
        return Model((folder / FILES[0]).read_bytes(), json.loads((folder / FILES[1]).read_text()))
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        raise BadModelError(f"{folder} does not load: {error!r}") from error


def check(model: Model, window: Spectrograms) -> None:
    """Let a model answer one window [216, 514]; its shapes, values and labels must make sense. Raises BadModelError."""
    try:
        answer = model.predict(window[np.newaxis])
        faults = [*_label_faults(model), *_shape_faults(model, answer), *_value_faults(answer)]
    except (ValueError, TypeError, RuntimeError) as error:
        raise BadModelError(
            f"it does not answer a window of shape {list(window.shape)}: {error!r}"
        ) from error
    if faults:
        raise BadModelError("; ".join(faults))


def noise(shape: tuple[int, ...]) -> Spectrograms:
    """Make up a window of this shape, at once."""
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def whistles() -> Spectrograms:
    """Make the spectrogram [216, 514] of whistles that fall from 5 to 3 kHz, by the path of all sounds."""
    # scipy takes a second to import; a start needs none.
    from spectrogram_fn import spectrogram  # noqa: PLC0415

    times = np.arange(spectrogram.WINDOW_SAMPLES) / spectrogram.SAMPLE_RATE % 1
    samples = 0.3 * np.sin(2 * np.pi * (5_000 - 1_000 * times) * times)
    return spectrogram.to_bytes(spectrogram.to_spectrogram(samples.astype(np.float32)))


def _label_faults(model: Model) -> Iterator[str]:
    count, different = len(model.labels), len(set(model.labels))
    if not count or different != count:
        yield f"{count} labels, {different} of them different"
    if len(model.names) != count:
        yield f"{len(model.names)} names for {count} labels"


def _shape_faults(model: Model, answer: dict[str, Any]) -> Iterator[str]:
    expected = {"probabilities": (1, len(model.labels)), "bird": (1,)}
    for name, values in answer.items():
        if values.shape != expected.get(name):
            yield f"the output {name} has shape {list(values.shape)}, expected {expected.get(name)}"
    if "probabilities" not in answer:
        yield "it has no output probabilities"


def _value_faults(answer: dict[str, Any]) -> Iterator[str]:
    for name, values in answer.items():
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > MOST_ROW_SUM:
            yield f"the output {name} holds values that are no probabilities"
        if name == "probabilities" and values.sum() > MOST_ROW_SUM:
            yield f"the probabilities of one window add up to {values.sum():.3f}"
