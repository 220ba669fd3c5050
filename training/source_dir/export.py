"""Write a model folder from one set of weights: SavedModel, LiteRT files and constants.

The forms are those of docs/contracts.md.
"""

import hashlib
import json
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import model
import numpy as np
import spectrogram
import tensorflow as tf
from calibrate import Calibration, Scale
from corpus import Dataset

SHAPE = spectrogram.SHAPE
LITE, BROWSER_LITE = "model.tflite", "browser.tflite"
DIGEST, BROWSER_DIGEST = "network_sha256", "browser_sha256"


class Served(tf.Module):  # type: ignore[misc]  # TensorFlow ships no types.
    """The network as the endpoint serves it: bytes in; probabilities, labels and settings out."""

    def __init__(self, network: keras.Model, constants: dict[str, Any], scale: Scale) -> None:
        super().__init__()
        # Rounded weights fit into 16 bits, which makes the file half as large. The network itself,
        # reached through a method, is not saved a second time.
        self.trainable = [_halve(variable) for variable in network.trainable_variables]
        self.fixed = [_halve(variable) for variable in network.non_trainable_variables]
        self._call, self._first = network.stateless_call, model.first_layer(network.name)
        self.text = json.dumps(constants)
        self._listed, self._slope = len(constants["labels"]), scale.slope
        self._offsets = np.array([scale.offset] * self._listed + [0.0, 0.0], np.float32)
        self._labels, self._names = (
            tf.constant(constants["labels"]),
            tf.constant(constants["names"]),
        )
        self._settings = tf.constant(json.dumps(constants["settings"]))

    def classify(self, images: Any) -> dict[str, Any]:
        """Spectrogram bytes as numbers [n, 216, 514] -> probabilities [n, k]; bird, another [n]."""
        trainable, fixed = (
            [_widen(one) for one in group] for group in (self.trainable, self.fixed)
        )
        seen = self._first(tf.cast(images, tf.float32))
        logits, _ = self._call(trainable, fixed, seen, training=False)
        chances = tf.sigmoid(logits * self._slope + self._offsets)
        another, none = chances[:, -2], chances[:, -1]
        return {"probabilities": chances[:, : self._listed], "bird": 1 - none, "another": another}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="spectrogram")])  # type: ignore[untyped-decorator]
    def predict(self, spectrogram: Any) -> dict[str, Any]:
        """The endpoint's signature: n texts of 216 x 514 bytes each, row by row."""
        # A window of another size is refused: padded or cut, it would be named all the same.
        values = tf.ensure_shape(
            tf.io.decode_raw(spectrogram, tf.uint8), (None, SHAPE[0] * SHAPE[1])
        )
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
    network: keras.Model, dataset: Dataset, calibration: Calibration, *, folder: Path, version: str
) -> None:
    """Write saved_model/, both LiteRT files and constants.json; what was there is replaced."""
    served = _serve(network, dataset, calibration, version)
    folder.mkdir(parents=True, exist_ok=True)
    named = json.loads(served.text)
    # Whoever finds a folder half replaced can tell by the digests.
    for name, digest, windows in ((LITE, DIGEST, None), (BROWSER_LITE, BROWSER_DIGEST, 1)):
        network_bytes = _lite(served, windows)
        (folder / name).write_bytes(network_bytes)
        named[digest] = hashlib.sha256(network_bytes).hexdigest()
    text = json.dumps(named, indent=1, ensure_ascii=False) + "\n"
    (folder / "constants.json").write_text(text, "utf-8")
    shutil.rmtree(folder / "saved_model", ignore_errors=True)
    signatures = {"serving_default": served.predict, "describe": served.describe}
    tf.saved_model.save(served, str(folder / "saved_model"), signatures=signatures)


def _serve(
    network: keras.Model, dataset: Dataset, calibration: Calibration, version: str
) -> Served:
    rounded = model.served(network, len(dataset.listed))
    round_weights(rounded)
    settings = {
        "version": version,
        # Each species has a probability of its own: they may add up to more than 1.
        "independent": True,
        "thresholds": calibration.thresholds,
        "pooling": calibration.pooling,
        "birds": calibration.birds,
    }
    constants = {"labels": dataset.scientific_names, "names": dataset.names, "settings": settings}
    return Served(rounded, constants, calibration.scale)


def round_weights(network: keras.Model) -> None:
    """Move each normalisation into the convolution before it, then round all weights to 16 bits.

    LiteRT does both when it converts. Done once, before any file is written, all hold the same.
    """
    for convolution, normalisation in pairwise(network.layers):
        if isinstance(normalisation, keras.layers.BatchNormalization):
            _fold(convolution, normalisation)
    for variable in network.weights:
        variable.assign(variable.numpy().astype(np.float16).astype(np.float32))


def _fold(convolution: keras.layers.Conv2D, normalisation: keras.layers.BatchNormalization) -> None:
    """Scale a convolution as the normalisation after it would; leave that one the shift alone."""
    gamma, beta, mean, variance = (
        value.astype(np.float64) for value in normalisation.get_weights()
    )
    scale = gamma / np.sqrt(variance + normalisation.epsilon)
    kernel, *bias = convolution.get_weights()
    convolution.set_weights([kernel * scale, *(part * scale for part in bias)])
    ones, zeros = np.ones_like(gamma), np.zeros_like(gamma)
    normalisation.set_weights([ones, beta - mean * scale, zeros, ones - normalisation.epsilon])


def _lite(served: Served, windows: int | None) -> bytes:
    """Convert to LiteRT with 16-bit weights: half the size, within 1e-3 of the SavedModel.

    None takes any number of windows; a browser's runtime needs a fixed number (tests hold both).
    """
    shape = tf.TensorSpec([windows, *SHAPE], tf.uint8, name="spectrogram")
    lite = tf.function(served.classify, input_signature=[shape])
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(served, folder, signatures={"serving_default": lite})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        return bytes(converter.convert())


def _halve(variable: keras.Variable) -> tf.Variable:
    """Keep a weight in 16 bits; what is no fraction, such as the state of a dropout, as it is."""
    value = variable.value
    return tf.Variable(tf.cast(value, tf.float16) if value.dtype.is_floating else value)


def _widen(variable: tf.Variable) -> Any:
    return tf.cast(variable, tf.float32) if variable.dtype.is_floating else variable
