"""The networks: the report's CNN, as its section 3.2 has it, and the light ones."""

from typing import Any

import front
import keras
import numpy as np
import spectrogram
import tensorflow as tf
from keras import layers

# Like all constants of the network, rounded to the 16 bits that the LiteRT file keeps.
LEVEL_GAIN = float(np.float16(1 / front.POWER_STEP))
BYTE = float(np.float16(1 / 255))
HEAD_UNITS = 256
# Log-mean-exp over time: 0 would be the mean, infinity the maximum.
POOLING_SHARPNESS = 2.0
# The layer before the last one, and the one that gives the classes' logits.
HEAD_LAYER, LAST_LAYER = "head", "classes"
LAST_DROPOUT = 0.3
# Of the layer that is to hear as a teacher does; it is not exported.
EMBEDDING_LAYER = "embedding"
# Most classes are silent in most windows: so they begin.
FIRST_LOGIT = -4.5


# (channels, stride over bands, stride over time) of each 3 x 3 convolution.
Body = tuple[tuple[int, int, int], ...]
BODIES: dict[str, Body] = {
    "default": ((48, 2, 3), (96, 2, 2), (96, 1, 1), (128, 2, 2), (160, 1, 1), (192, 2, 1)),
    "light": ((32, 2, 3), (64, 2, 2), (64, 1, 1), (96, 2, 2), (128, 1, 1), (160, 2, 1)),
    # For those who have a GPU: 4 MB, half a gigaMAC a window.
    "large": (
        *((64, 2, 2), (96, 2, 2), (96, 1, 1), (160, 2, 2)),
        *((160, 1, 1), (160, 1, 1), (224, 2, 1), (224, 1, 1)),
    ),
}
ARCHITECTURES = (*BODIES, "report")


def view(architecture: str) -> front.Front:
    """Return what the network looks at. Raises ValueError on an unknown architecture."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"expected one of {ARCHITECTURES}, got {architecture!r}")
    return front.WHOLE if architecture == "report" else front.MEL


def first_layer(architecture: str) -> layers.Layer:
    """Return the layer that makes what the network looks at from bytes [n, 216, 514]."""
    return Bands() if view(architecture) is front.MEL else layers.Identity()


def build(architecture: str, classes: int, *, embedding: int = 0) -> keras.Model:
    """Build a network: images of view(architecture) as float32 in 0..255 -> logits [n, classes].

    With `embedding`, there is a second output [n, embedding].
    """
    inputs = layers.Input(view(architecture).shape)
    if architecture == "report":
        return keras.Model(inputs, _report(inputs, classes), name="report")
    hidden, logits = _light(inputs, BODIES[architecture], classes)
    if not embedding:
        return keras.Model(inputs, logits, name=architecture)
    heard = layers.Dense(embedding, name=EMBEDDING_LAYER)(layers.GlobalAveragePooling1D()(hidden))
    return keras.Model(inputs, [logits, heard], name=architecture)


def served(network: keras.Model, listed: int) -> keras.Model:
    """Return a copy with what answers need: logits of the listed species, another bird, no bird.

    Other species teach the network, but nobody asks which it is: their weights are left out, and
    the embedding.
    """
    found, learnt = build(network.name, listed + 2), keras.Model(network.inputs, network.outputs[0])
    for layer, taught in zip(found.layers, learnt.layers, strict=True):
        weights = taught.get_weights()
        if layer.name == LAST_LAYER:
            weights = [np.delete(part, np.s_[listed:-2], axis=-1) for part in weights]
        layer.set_weights(weights)
    return found


def _last(classes: int) -> layers.Dense:
    first = keras.initializers.Constant(FIRST_LOGIT)
    return layers.Dense(classes, name=LAST_LAYER, bias_initializer=first)


def _report(inputs: Any, classes: int) -> Any:
    """The report's CNN (3.2): blocks of 64, 128 and 256 channels, then 256, 128 and the classes."""
    x = layers.Rescaling(1 / 255)(layers.Reshape((*spectrogram.SHAPE, 1))(inputs))
    for channels in (64, 128, 256):
        x = layers.Conv2D(channels, 3, padding="same")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Dropout(0.1)(layers.MaxPooling2D(2)(x))
    x = layers.GlobalAveragePooling2D()(x)
    for units in (256, 128):
        x = layers.Dropout(0.3)(layers.Dense(units, activation="relu")(x))
    return _last(classes)(x)


def _light(inputs: Any, body: Body, classes: int) -> tuple[Any, Any]:
    """Background removed, strided convolutions, one vector a time step, one answer over time."""
    x = Hearing()(inputs)
    for channels, *strides in body:
        x = layers.Conv2D(channels, 3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    # The head hears where in frequency something sounds, not only that it does.
    x = layers.Dropout(0.2)(FrequencyFlattening()(x))
    hidden = layers.Dense(HEAD_UNITS, activation="relu", name=HEAD_LAYER)(x)
    x = layers.Dropout(LAST_DROPOUT)(hidden)
    return hidden, TimePooling()(_last(classes)(x))


def multiplications(network: keras.Model) -> int:
    """Count the multiplications (MAC) of one window: bands, convolutions and dense layers."""
    banded = network.input_shape[1:] == front.MEL.shape
    total = spectrogram.SHAPE[0] * int(np.prod(front.MEL.shape)) if banded else 0
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D | layers.Dense):
            total += int(np.prod(layer.output.shape[1:-1])) * int(np.prod(layer.kernel.shape))
    return total


@keras.saving.register_keras_serializable("birds")
class Bands(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """Bytes [n, 216, 514] -> bands [n, 80, 257], not rounded: front.to_bands when served."""

    def call(self, inputs: Any) -> Any:
        power = tf.exp((tf.cast(inputs, tf.float32) - 255) * front.POWER_STEP)
        step = front.COLUMNS_PER_FRAME
        power = tf.nn.avg_pool1d(tf.transpose(power, (0, 2, 1)), step, step, "VALID")
        level = tf.math.log(tf.matmul(power, tf.constant(front.mel_bands()))) * LEVEL_GAIN + 255
        return tf.transpose(level, (0, 2, 1))


@keras.saving.register_keras_serializable("birds")
class Hearing(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """Bytes [n, rows, columns] -> [n, rows, columns, 2], about [-1, 1].

    The first channel is what sounds, the second what stands out: the first less its mean over
    time, so that a recorder's colour and a steady noise cancel.
    """

    def call(self, inputs: Any) -> Any:
        level = tf.cast(inputs, tf.float32) * BYTE
        stands_out = level - tf.reduce_mean(level, axis=2, keepdims=True)
        return tf.stack([level * 2 - 1, stands_out * 4], axis=-1)


@keras.saving.register_keras_serializable("birds")
class FrequencyFlattening(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """[n, bands, times, c] -> [n, times, bands * c]: each band keeps a place of its own."""

    def call(self, inputs: Any) -> Any:
        _, bands, times, channels = inputs.shape
        return tf.reshape(tf.transpose(inputs, (0, 2, 1, 3)), (-1, times, bands * channels))


@keras.saving.register_keras_serializable("birds")
class TimePooling(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """Logits [n, times, k] -> [n, k] by log-mean-exp: a short call counts, a click rules not."""

    def call(self, inputs: Any) -> Any:
        times = tf.cast(tf.shape(inputs)[1], tf.float32)
        return (
            tf.reduce_logsumexp(inputs * POOLING_SHARPNESS, axis=1) - tf.math.log(times)
        ) / POOLING_SHARPNESS
