"""A model folder (docs/contracts.md) on LiteRT: load it, check it, predict with it."""

import json
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from spectrogram_fn import spectrogram

FILES = ("model.tflite", "constants.json")
# An interpreter serves one thread at a time; two keep two cores busy.
INTERPRETERS = 2
THREADS = 2
MOST_ROW_SUM = 1.001

Spectrograms = npt.NDArray[np.uint8]


class BadModelError(Exception):
    """The folder holds no model that may serve: one sentence why."""


class Model:
    """A loaded model: labels [k], display names [k], settings as JSON text, and a pool of interpreters."""

    def __init__(self, network: bytes, constants: dict[str, Any]) -> None:
        self.labels: list[str] = constants["labels"]
        self.names: list[str] = constants["names"]
        self.settings: str = json.dumps(constants["settings"])
        self.version: str = constants["settings"]["version"]
        self._pool: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(INTERPRETERS):
            self._pool.put(Interpreter(model_content=network, num_threads=THREADS).get_signature_runner())

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


def load(folder: Path) -> Model:
    """Load a model folder and let it answer a real spectrogram. Raises BadModelError."""
    missing = [name for name in FILES if not (folder / name).exists()]
    if missing:
        raise BadModelError(f"{folder} holds no {' and no '.join(missing)}")
    try:
        model = Model((folder / FILES[0]).read_bytes(), json.loads((folder / FILES[1]).read_text()))
        answer = model.predict(_chirp()[np.newaxis])
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        raise BadModelError(f"{folder} does not load: {error!r}") from error
    faults = list(_faults(model, answer))
    if faults:
        raise BadModelError(f"{folder}: {'; '.join(faults)}")
    return model


def fingerprint(folder: Path) -> list[tuple[int, int, int]]:
    """Tell one state of the folder's files from another. Files that are missing count as nothing."""
    states = [(folder / name).stat() for name in FILES if (folder / name).exists()]
    return [(state.st_ino, state.st_mtime_ns, state.st_size) for state in states]


def _faults(model: Model, answer: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong with a model that answered one window: shapes, values, labels."""
    count = len(model.labels)
    if not count or len(set(model.labels)) != count or len(model.names) != count:
        yield f"{count} labels, {len(set(model.labels))} of them different, {len(model.names)} names"
    probabilities = answer.get("probabilities", np.zeros(0))
    if probabilities.shape != (1, count):
        yield f"probabilities have shape {list(probabilities.shape)}, the labels need [1, {count}]"
    if "bird" in answer and answer["bird"].shape != (1,):
        yield f"bird has shape {list(answer['bird'].shape)}, expected [1]"
    values = np.concatenate([output.ravel() for output in answer.values()])
    if not (np.isfinite(values).all() and (values >= 0).all() and (values <= MOST_ROW_SUM).all()):
        yield "some values are not probabilities"
    elif probabilities.sum() > MOST_ROW_SUM:
        yield f"the probabilities of a window add up to {probabilities.sum():.3f}"


def _chirp() -> Spectrograms:
    """Make the spectrogram [216, 514] of a whistle that falls from 5 to 3 kHz, over and over."""
    times = np.arange(spectrogram.WINDOW_SAMPLES) / spectrogram.SAMPLE_RATE
    samples = 0.3 * np.sin(2 * np.pi * (5_000 - 1_000 * (times % 1)) * (times % 1))
    return spectrogram.to_bytes(spectrogram.to_spectrogram(samples.astype(np.float32)))
