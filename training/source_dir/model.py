"""The networks: the report's CNN, exactly as its section 3.2 has it, and the light one that ships."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import spectrogram
import tensorflow as tf
from keras import layers

ARCHITECTURES = ("default", "report")

BANDS = 80
LOWEST_HZ = 250.0
# Two STFT columns (19.5 ms) make one: finer time did not help, and costs twice the work.
COLUMNS_PER_FRAME = 2
# One step of a spectrogram byte in the logarithm of power, and back to a level of 0 to 1. Like all constants of the
# network they are rounded to 16 bits, which is what the LiteRT file keeps: both files then compute the same.
POWER_STEP = float(np.float16(spectrogram.DYNAMIC_RANGE_DB / 10 * np.log(10) / 255))
LEVEL_STEP = float(np.float16(1 / (255 * POWER_STEP)))
# (channels, stride) of the body's 3 x 3 convolutions.
BODY = ((24, 2), (48, 2), (48, 1), (96, 2), (96, 1), (160, 2), (160, 1))
HEAD_UNITS = 256
# Log-mean-exp over time: 0 would be the mean, infinity the maximum.
POOLING_SHARPNESS = 2.0


def build(architecture: str, classes: int) -> keras.Model:
    """Build a network: spectrogram bytes as float32 [n, 216, 514] in 0..255 -> logits [n, classes].

    Raises ValueError on an unknown architecture.
    """
    if architecture == "report":
        return _report(classes)
    if architecture == "default":
        return _default(classes)
    raise ValueError(f"expected one of {ARCHITECTURES}, got {architecture!r}")


def _report(classes: int) -> keras.Model:
    """The report's CNN (3.2): three blocks of 64, 128 and 256 channels, then 256, 128 and the classes."""
    inputs = layers.Input(spectrogram.SHAPE)
    x = layers.Rescaling(1 / 255)(layers.Reshape((*spectrogram.SHAPE, 1))(inputs))
    for channels in (64, 128, 256):
        x = layers.Conv2D(channels, 3, padding="same")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Dropout(0.1)(layers.MaxPooling2D(2)(x))
    x = layers.GlobalAveragePooling2D()(x)
    for units in (256, 128):
        x = layers.Dropout(0.3)(layers.Dense(units, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(classes)(x), name="report")


def _default(classes: int) -> keras.Model:
    """The light network: mel-like bands, background removed, seven strided convolutions, log-mean-exp over time."""
    inputs = layers.Input(spectrogram.SHAPE)
    x = Perturb()(Bands()(inputs))
    for channels, stride in BODY:
        x = layers.Conv2D(channels, 3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.2)(FrequencyPooling()(x))
    x = layers.Dropout(0.3)(layers.Dense(HEAD_UNITS, activation="relu")(x))
    return keras.Model(inputs, TimePooling()(layers.Dense(classes)(x)), name="default")


def mel_bands() -> npt.NDArray[np.float32]:
    """Triangles on the mel scale over the STFT's bins: weights [216, BANDS], each band's adding up to 1."""
    nyquist = spectrogram.SAMPLE_RATE / 2
    mel = np.linspace(_to_mel(LOWEST_HZ), _to_mel(nyquist), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.linspace(0, nyquist, spectrogram.SHAPE[0])[:, None]
    # No triangle narrower than a bin on either side, or low bands would fall between two bins.
    rise = np.maximum(edges[1:-1] - edges[:-2], bins[1, 0])
    fall = np.maximum(edges[2:] - edges[1:-1], bins[1, 0])
    weights = np.clip(np.minimum(1 + (bins - edges[1:-1]) / rise, 1 - (bins - edges[1:-1]) / fall), 0, None)
    return np.asarray((weights / weights.sum(axis=0)).astype(np.float16), np.float32)


def _to_mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


@keras.saving.register_keras_serializable("birds")
class Bands(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """Fixed first layer: bytes [n, 216, 514] -> [n, BANDS, 257, 2], about [-1, 1]: the level, and what stands out.

    Powers are averaged, then the logarithm is taken again. The second channel is the first one
    less its mean over time, so that a recorder's colour and a steady noise cancel.
    """

    def call(self, inputs: Any) -> Any:
        power = tf.exp((tf.cast(inputs, tf.float32) - 255) * POWER_STEP)
        power = tf.nn.avg_pool1d(tf.transpose(power, (0, 2, 1)), COLUMNS_PER_FRAME, COLUMNS_PER_FRAME, "VALID")
        level = tf.math.log(tf.matmul(power, tf.constant(mel_bands()))) * LEVEL_STEP + 1
        level = tf.transpose(level, (0, 2, 1))
        stands_out = level - tf.reduce_mean(level, axis=2, keepdims=True)
        return tf.stack([level * 2 - 1, stands_out * 4], axis=-1)


@keras.saving.register_keras_serializable("birds")
class Perturb(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """In training only: a random recorder colour and level, and bands and times masked (SpecAugment, Park 2019)."""

    def __init__(self, band_mask: int = 12, time_mask: int = 40, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.band_mask, self.time_mask = band_mask, time_mask

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        count, bands, times = tf.shape(inputs)[0], inputs.shape[1], inputs.shape[2]
        tilt = tf.random.normal((count, 1, 1, 1)) * 0.2 * tf.linspace(-1.0, 1.0, bands)[None, :, None, None]
        colour = (tf.random.normal((count, 1, 1, 1)) * 0.2 + tilt) * tf.constant([1.0, 0.0])
        kept = tf.ones((count, bands, times, 1))
        for _ in range(2):
            kept *= _mask(count, bands, self.band_mask)[:, :, None, None]
            kept *= _mask(count, times, self.time_mask)[:, None, :, None]
        return (inputs + colour) * kept

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "band_mask": self.band_mask, "time_mask": self.time_mask}


def _mask(count: Any, length: int, longest: int) -> Any:
    """Zeros over one random stretch of at most `longest` of [count, length], ones elsewhere."""
    width = tf.random.uniform((count, 1), 0, longest)
    start = tf.random.uniform((count, 1), 0, 1) * (length - width)
    place = tf.range(length, dtype=tf.float32)[None]
    return 1 - tf.cast((place >= start) & (place < start + width), tf.float32)


@keras.saving.register_keras_serializable("birds")
class FrequencyPooling(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """[n, bands, times, c] -> [n, times, 2c]: mean and maximum over the bands."""

    def call(self, inputs: Any) -> Any:
        return tf.concat([tf.reduce_mean(inputs, 1), tf.reduce_max(inputs, 1)], axis=-1)


@keras.saving.register_keras_serializable("birds")
class TimePooling(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """Logits a time step [n, times, k] -> logits [n, k] by log-mean-exp: a short call counts, a click does not rule."""

    def call(self, inputs: Any) -> Any:
        times = tf.cast(tf.shape(inputs)[1], tf.float32)
        return (tf.reduce_logsumexp(inputs * POOLING_SHARPNESS, axis=1) - tf.math.log(times)) / POOLING_SHARPNESS
