"""Write SavedModels of a few fixed numbers, good and bad, with the two signatures."""

import json

import numpy as np

SHAPE = (216, 514)
SPECIES = {
    "Turdus merula": "Common Blackbird",
    "Parus major": "Great Tit",
    "Strix aluco": "Tawny Owl",
}
SETTINGS = {
    "thresholds": {"bird": 0.6, "no_bird": 0.4},
    "pooling": {
        "rule": "power_mean",
        "exponent": 4,
        "species_per_window": 20,
        "calibration": [[0, 0], [1, 1]],
        "bird_threshold": 0.6,
    },
}
# Each fault breaks one promise of the contract.
FAULTS = {
    "wrong_shape": {"shape": (215, 514)},
    "nan": {"scale": float("nan")},
    "over_one": {"scale": 1.2},
    "other_label_count": {"labels": ["Turdus merula", "Parus major"]},
    "doubled_label": {"labels": ["Turdus merula", "Turdus merula", "Strix aluco"]},
    "no_describe": {"signatures": ["serving_default"]},
    "reads_files": {"reads": True},
    "short_windows": {"filled": True},
    "padded_to_another_shape": {"shape": (215, 514), "padded": True},
}


def write_saved_model(folder, version="tiny", seed=1, **fault):
    """Save a network: 216 bands -> softmax over the species. `fault` holds values of FAULTS."""
    import tensorflow as tf  # noqa: PLC0415 (seconds; most tests need none)

    shape = fault.get("shape", SHAPE)
    labels = fault.get("labels", list(SPECIES))
    weights = (
        np.random.default_rng(seed).normal(0, 0.1, (shape[0], len(SPECIES))).astype(np.float32)
    )
    constants = {
        "labels": tf.constant(labels),
        "names": tf.constant([SPECIES[label] for label in labels]),
        "settings": tf.constant(json.dumps({"version": version} | SETTINGS)),
    }

    class Network(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="spectrogram")])
        def predict(self, spectrogram):
            if fault.get("reads"):
                spectrogram = spectrogram + tf.strings.substr(
                    tf.io.read_file("/etc/hostname"), 0, 0
                )
            if fault.get("filled"):
                spectrogram = tf.strings.substr(spectrogram + " ", 0, shape[0] * shape[1])
            length = shape[0] * shape[1] if fault.get("padded") else None
            grid = tf.reshape(
                tf.io.decode_raw(spectrogram, tf.uint8, fixed_length=length), [-1, *shape]
            )
            bands = tf.reduce_mean(tf.cast(grid, tf.float32) / 255, axis=2)
            probabilities = fault.get("scale", 0.95) * tf.nn.softmax(
                tf.linalg.matmul(bands, weights)
            )
            return {
                "probabilities": probabilities,
                "bird": tf.reduce_max(bands, axis=1),
            } | constants

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="ask")])
        def describe(self, ask):  # noqa: ARG002 (the signature is the contract's)
            return constants

    network = Network()
    signatures = {"serving_default": network.predict, "describe": network.describe}
    kept = fault.get("signatures", signatures)
    tf.saved_model.save(network, str(folder), signatures={name: signatures[name] for name in kept})
    return folder
