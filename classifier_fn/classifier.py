"""The network by LiteRT, behind TensorFlow Serving's predict form (docs/contracts.md).

The model folder's two files are enough: the network, and the constants that belong to it.
"""

import base64
import binascii
import hashlib
import json
import math
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

FILES = ("model.tflite", "constants.json")
DIGEST = "network_sha256"
# A second thread would cost a quarter more of the processor. Windows one by one cost the same as
# all in one batch, and less memory.
THREADS = 1

Spectrograms = npt.NDArray[np.uint8]


class PredictError(ValueError):
    """TensorFlow Serving would refuse the request: its HTTP status is 400, its text this."""


class Model:
    """A loaded model: its constants as they are returned, and its interpreters.

    One of them serves one request at a time. Raises ValueError or RuntimeError on another network.
    """

    def __init__(self, network: bytes, constants: dict[str, Any], interpreters: int = 1) -> None:
        # The SavedModel holds the settings as a text too.
        self.constants = {**constants, "settings": json.dumps(constants["settings"])}
        self._pool: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(interpreters):
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


def load(folder: Path) -> Model:
    """Load a model folder whose constants were checked. Raises ValueError, OSError."""
    network, constants = ((folder / name).read_bytes() for name in FILES)
    return Model(network, read_constants(constants, network))


def read_constants(text: bytes, network: bytes) -> dict[str, Any]:
    """Return the constants that stand beside a network, unchecked. Raises ValueError."""
    constants = json.loads(text)
    # A folder half swapped holds the constants of one model and the network of another.
    if constants.get(DIGEST, digest := hashlib.sha256(network).hexdigest()) != digest:
        raise ValueError("constants.json belongs to another model.tflite")
    return {name: constants[name] for name in ("labels", "names", "settings")}


def respond(model: Model, request: dict[str, Any]) -> dict[str, Any]:
    """Return the response to a predict request, by its signature. Raises PredictError."""
    if not isinstance(request, dict) or "inputs" not in request:
        raise PredictError("Missing 'inputs' or 'instances' key")
    match request.get("signature_name", "serving_default"):
        case "describe":
            return {"outputs": model.constants}
        case "serving_default":
            outputs = model.predict(_windows(request["inputs"], model.window_shape))
            return {"outputs": model.constants | columns(outputs)}
        case other:
            raise PredictError(
                f"Serving signature name: {json.dumps(other)} not found in signature def"
            )


def columns(outputs: dict[str, npt.NDArray[np.float32]]) -> dict[str, Any]:
    """Return outputs as JSON has them."""
    return {name: values.tolist() for name, values in outputs.items()}


def _windows(inputs: Any, shape: tuple[int, ...]) -> Spectrograms:
    """Return the windows [n, 216, 514] of the column `spectrogram`, [{"b64": "..."}, ...].

    Raises PredictError.
    """
    try:
        rows = [base64.b64decode(row["b64"], validate=True) for row in inputs["spectrogram"]]
    except (KeyError, TypeError, binascii.Error) as error:
        raise PredictError(
            f"Failed to process element of input 'spectrogram': {error!r}"
        ) from error
    if {len(row) for row in rows} != {math.prod(shape)}:
        raise PredictError(f"Expected at least one window, and {math.prod(shape)} bytes in each")
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, *shape)
