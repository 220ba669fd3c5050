"""Write a model folder: SavedModel, LiteRT file and constants, from one set of weights (docs/contracts.md)."""

import json
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import batches
import keras
import numpy as np
import spectrogram
import tensorflow as tf
from calibrate import Calibration

SHAPE = spectrogram.SHAPE


class Served(tf.Module):  # type: ignore[misc]  # TensorFlow ships no types.
    """The network as the endpoint serves it: bytes in; calibrated probabilities, labels and settings out."""

    def __init__(self, network: keras.Model, constants: dict[str, Any], temperature: float) -> None:
        super().__init__()
        # Keras wraps its variables; named here, TensorFlow finds and saves them. The network itself, reached through
        # a method, is not saved a second time.
        self.weights = [variable.value for variable in network.variables]
        self._call = network.call
        self._listed, self._sharpness = len(constants["labels"]), 1 / temperature
        self._labels, self._names = tf.constant(constants["labels"]), tf.constant(constants["names"])
        self._settings = tf.constant(json.dumps(constants["settings"]))

    def classify(self, images: Any) -> dict[str, Any]:
        """Spectrogram bytes as numbers [n, 216, 514] -> probabilities [n, k] and bird [n]."""
        chances = tf.nn.softmax(self._call(tf.cast(images, tf.float32), training=False) * self._sharpness)
        return {"probabilities": chances[:, : self._listed], "bird": 1 - chances[:, -1]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="spectrogram")])  # type: ignore[untyped-decorator]
    def predict(self, spectrogram: Any) -> dict[str, Any]:
        """The endpoint's signature: n texts of 216 x 514 bytes each, row by row."""
        # A window of another size is refused: padded or cut, it would be named all the same.
        values = tf.ensure_shape(tf.io.decode_raw(spectrogram, tf.uint8), (None, SHAPE[0] * SHAPE[1]))
        images = tf.reshape(values, (-1, *SHAPE))
        return {**self.classify(images), **self._constants()}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="ask")])  # type: ignore[untyped-decorator]
    def describe(self, ask: Any) -> dict[str, Any]:
        """What the model knows, without a sound: serves GET /species. The input is ignored."""
        del ask
        return self._constants()

    def _constants(self) -> dict[str, Any]:
        # An output must be computed by the graph: a constant alone is refused.
        return {
            "labels": tf.identity(self._labels),
            "names": tf.identity(self._names),
            "settings": tf.identity(self._settings),
        }


def export(
    network: keras.Model, dataset: batches.Dataset, calibration: Calibration, *, folder: Path, version: str
) -> None:
    """Write saved_model/, model.tflite and constants.json into a folder; what was there of them is replaced.

    The network's weights are rounded to 16 bits first.
    """
    round_weights(network)
    settings = {"version": version, "thresholds": calibration.thresholds, "pooling": calibration.pooling}
    constants = {"labels": dataset.scientific_names, "names": dataset.names, "settings": settings}
    served = Served(network, constants, calibration.temperature)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "saved_model", ignore_errors=True)
    signatures = {"serving_default": served.predict, "describe": served.describe}
    tf.saved_model.save(served, str(folder / "saved_model"), signatures=signatures)
    (folder / "model.tflite").write_bytes(_lite(served))
    text = json.dumps(constants, indent=1, ensure_ascii=False)
    (folder / "constants.json").write_text(text + "\n", "utf-8")


def round_weights(network: keras.Model) -> None:
    """Move each normalisation into the convolution before it, then round all weights to 16 bits.

    LiteRT does both when it converts. Done once, before either file is written, both files hold the same numbers.
    """
    for convolution, normalisation in pairwise(network.layers):
        if isinstance(normalisation, keras.layers.BatchNormalization):
            _fold(convolution, normalisation)
    for variable in network.weights:
        variable.assign(variable.numpy().astype(np.float16).astype(np.float32))


def _fold(convolution: keras.layers.Conv2D, normalisation: keras.layers.BatchNormalization) -> None:
    """Scale a convolution as the normalisation after it would, and leave to that one the shift alone."""
    gamma, beta, mean, variance = (value.astype(np.float64) for value in normalisation.get_weights())
    scale = gamma / np.sqrt(variance + normalisation.epsilon)
    kernel, *bias = convolution.get_weights()
    convolution.set_weights([kernel * scale, *(part * scale for part in bias)])
    ones, zeros = np.ones_like(gamma), np.zeros_like(gamma)
    normalisation.set_weights([ones, beta - mean * scale, zeros, ones - normalisation.epsilon])


def _lite(served: Served) -> bytes:
    """Convert to LiteRT with 16-bit weights: half the size, and within 1e-3 of the SavedModel (a test holds it)."""
    lite = tf.function(served.classify, input_signature=[tf.TensorSpec([None, *SHAPE], tf.uint8, name="spectrogram")])
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(served, folder, signatures={"serving_default": lite})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        return bytes(converter.convert())
