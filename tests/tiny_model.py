"""Write a model folder in seconds: a network of a few fixed numbers that compares bands."""

import functools
import json

SHAPE = (216, 514)
BLACKBIRD = {
    "Turdus merula": "Common Blackbird",
    "Parus major": "Great Tit",
    "Fringilla coelebs": "Common Chaffinch",
}
OWLS = {
    "Strix aluco": "Tawny Owl",
    "Asio otus": "Long-eared Owl",
    "Tyto alba": "Barn Owl",
    "Bubo bubo": "Eagle-Owl",
}


def write_model(folder, species=None, version="tiny", network=None):
    """Write model.tflite and constants.json for species {label: name}, each in one step."""
    species = species or BLACKBIRD
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "model.tflite", network or make_network(len(species)))
    write_whole(folder / "constants.json", json.dumps(constants(species, version)).encode())
    return folder


def write_whole(file, content):
    """Write a file beside its place, then move it there, as an export does."""
    file.with_suffix(".part").write_bytes(content)
    file.with_suffix(".part").replace(file)


def constants(species, version="tiny"):
    """Say what stands beside the network (docs/contracts.md, "The model folder")."""
    pooling = {
        "rule": "power_mean",
        "exponent": 4,
        "species_per_window": 20,
        "calibration": [[0, 0], [1, 1]],
    }
    return {
        "labels": list(species),
        "names": list(species.values()),
        "settings": {
            "version": version,
            "thresholds": {"bird": 0.6, "no_bird": 0.4},
            "pooling": pooling | {"bird_threshold": 0.6},
        },
    }


@functools.cache
def make_network(count, scale=0.95, bird=1.0):
    """Convert uint8 [n, 216, 514] -> probabilities [n, count], bird [n] in [0, `bird`].

    Rows of probabilities add up to `scale`.
    """
    import numpy as np  # noqa: PLC0415 (TensorFlow takes seconds to import; most tests need none)
    import tensorflow as tf  # noqa: PLC0415

    weights = np.random.default_rng(count).normal(0, 2, (SHAPE[0], count)).astype(np.float32)

    class Network(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, *SHAPE], tf.uint8, name="spectrogram")])
        def predict(self, spectrogram):
            bands = tf.reduce_mean(tf.cast(spectrogram, tf.float32) / 255, axis=2)
            bands = bands - tf.reduce_mean(bands, axis=1, keepdims=True)
            probabilities = scale * tf.nn.softmax(tf.linalg.matmul(bands, weights))
            return {
                "probabilities": probabilities,
                "bird": bird * tf.reduce_max(tf.nn.sigmoid(20 * bands), axis=1),
            }

    network = Network()
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [network.predict.get_concrete_function()], network
    )
    return converter.convert()
