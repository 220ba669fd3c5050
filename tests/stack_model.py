"""One small network in both forms of a model folder: SavedModel to deploy, LiteRT to run here."""

import json

import numpy as np
from tiny_saved_model import SETTINGS, SHAPE, SPECIES, write_saved_model

SEED = 1
SCALE = 0.95


def write_model_folder(folder):
    """Write saved_model/, model.tflite and constants.json of the same weights."""
    write_saved_model(folder / "saved_model", seed=SEED)
    (folder / "model.tflite").write_bytes(convert())
    constants = {
        "labels": list(SPECIES),
        "names": list(SPECIES.values()),
        "settings": {"version": "tiny"} | SETTINGS,
    }
    (folder / "constants.json").write_text(json.dumps(constants))
    return folder


def convert():
    """Convert tiny_saved_model's arithmetic, on bytes that are decoded already."""
    import tensorflow as tf  # noqa: PLC0415 (seconds; most tests need none)

    weights = (
        np.random.default_rng(SEED).normal(0, 0.1, (SHAPE[0], len(SPECIES))).astype(np.float32)
    )

    class Network(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, *SHAPE], tf.uint8, name="spectrogram")])
        def predict(self, spectrogram):
            bands = tf.reduce_mean(tf.cast(spectrogram, tf.float32) / 255, axis=2)
            probabilities = SCALE * tf.nn.softmax(tf.linalg.matmul(bands, weights))
            return {"probabilities": probabilities, "bird": tf.reduce_max(bands, axis=1)}

    network = Network()
    concrete = network.predict.get_concrete_function()
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], network).convert()
