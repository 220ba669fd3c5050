"""The last layer, learnt once more from the training windows as they are.

The network learns from mixtures, in which rare species are drawn little and far. What its last
layer makes of a clip of one bird, and of a species with few recordings, gains by a short look at
clips alone: over five folds 0.6 points of right names, and 0.02 of macro-F1 (docs/experiments.md).
"""

from typing import Any

import keras
import model
import numpy as np
import sampler
import tensorflow as tf
from corpus import Bytes

BATCH = 128
# How often each window is drawn, on average; its hidden vectors take 11 kB.
ROUNDS = 14
MOST_WINDOWS = 20_000
LEARNING_RATE, LAST_RATE = 1e-3, 5e-5
# A recording counts the less, the more its species has: a species, by the square root of them.
SPECIES_POWER = -0.5
PREDICT_BATCH = 64


def refit(network: keras.Model, draws: sampler.Sampler, images: Bytes, seed: int) -> None:
    """Learn the last layer anew, in place, from the windows that a sampler draws from.

    The report's network, which has no head, stays as it is.
    """
    if network.name not in model.BODIES:
        return
    random = np.random.default_rng(seed)
    windows, chances = draws.clips(SPECIES_POWER)
    if len(windows) > MOST_WINDOWS:
        kept = random.choice(len(windows), MOST_WINDOWS, replace=False, p=chances)
        windows, chances = windows[kept], np.full(len(kept), 1 / len(kept))
    hidden = _hidden(network, images, windows)
    tail = _tail(network)
    steps = max(1, ROUNDS * len(windows) // BATCH)
    rate = keras.optimizers.schedules.PolynomialDecay(LEARNING_RATE, steps, LAST_RATE)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(tail.trainable_variables)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # No types.
    def step(inputs: Any, targets: Any) -> None:
        with tf.GradientTape() as tape:
            each = tf.nn.sigmoid_cross_entropy_with_logits(targets, tail(inputs, training=True))
            loss = tf.reduce_mean(tf.reduce_sum(each, axis=1))
        gradients = tape.gradient(loss, tail.trainable_variables)
        optimizer.apply_gradients(zip(gradients, tail.trainable_variables, strict=True))

    for _ in range(steps):
        chosen = random.choice(len(windows), BATCH, p=chances)
        inputs = tf.constant(hidden[chosen].astype(np.float32))
        step(inputs, tf.constant(draws.lessons.targets[windows[chosen]]))


def _hidden(network: keras.Model, images: Bytes, windows: Any) -> Any:
    """Return what the last layer is given of each window, in 16 bits."""
    before = keras.Model(network.inputs[0], network.get_layer(model.HEAD_LAYER).output)
    parts = [
        before(images[windows[first : first + PREDICT_BATCH]].astype(np.float32), training=False)
        for first in range(0, len(windows), PREDICT_BATCH)
    ]
    return np.concatenate([np.asarray(part, np.float16) for part in parts])


def _tail(network: keras.Model) -> keras.Model:
    """Return the network's dropout, last layer and pooling as a network, of the same weights."""
    last = network.get_layer(model.LAST_LAYER)
    inputs = keras.Input(network.get_layer(model.HEAD_LAYER).output.shape[1:])
    dropped = keras.layers.Dropout(model.LAST_DROPOUT)(inputs)
    return keras.Model(inputs, model.TimePooling()(last(dropped)))
