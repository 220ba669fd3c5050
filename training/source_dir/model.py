"""The networks: the report's CNN, exactly as its section 3.2 has it, the light one that ships, and its rivals."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import spectrogram
import tensorflow as tf
from keras import layers

BANDS = 80
LOWEST_HZ = 250.0
# Two STFT columns (19.5 ms) make one: finer time did not help, and costs twice the work.
COLUMNS_PER_FRAME = 2
# One step of a spectrogram byte in the logarithm of power, and back to a level of 0 to 1. Like all constants of the
# network they are rounded to 16 bits, which is what the LiteRT file keeps: both files then compute the same.
POWER_STEP = float(np.float16(spectrogram.DYNAMIC_RANGE_DB / 10 * np.log(10) / 255))
LEVEL_STEP = float(np.float16(1 / (255 * POWER_STEP)))
HEAD_UNITS = 256
# Log-mean-exp over time: 0 would be the mean, infinity the maximum.
POOLING_SHARPNESS = 2.0
# A band in which nothing happens must not be divided by nothing.
LEAST_VARIANCE = 1e-3
# The name of the layer that gives the classes' logits.
LAST_LAYER = "classes"


@dataclass(frozen=True)
class Design:
    """A light network: the body's convolutions, and how frequency and time come together behind them."""

    # (channels, stride over bands, stride over time) of each 3 x 3 convolution.
    body: tuple[tuple[int, int, int], ...]
    # The head hears where in frequency something sounds, not only that it does.
    knows_frequency: bool = True
    # Time steps are weighted by what the network makes of them; otherwise log-mean-exp.
    attention: bool = False


DEEP = ((24, 2, 2), (48, 2, 2), (48, 1, 1), (96, 2, 2), (96, 1, 1), (160, 2, 2), (160, 1, 1))
DESIGNS = {
    "default": Design(((32, 2, 3), (64, 2, 2), (64, 1, 1), (96, 2, 2), (128, 1, 1), (160, 2, 1))),
    "deep": Design(DEEP),
    "attention": Design(DEEP, attention=True),
    "pooled": Design(DEEP, knows_frequency=False),
}
ARCHITECTURES = (*DESIGNS, "report")


def build(architecture: str, classes: int) -> keras.Model:
    """Build a network: spectrogram bytes as float32 [n, 216, 514] in 0..255 -> logits [n, classes].

    Raises ValueError on an unknown architecture.
    """
    if architecture == "report":
        return _report(classes)
    if architecture in DESIGNS:
        return _light(architecture, DESIGNS[architecture], classes)
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
    return keras.Model(inputs, layers.Dense(classes, name=LAST_LAYER)(x), name="report")


def _light(name: str, design: Design, classes: int) -> keras.Model:
    """Mel-like bands, background removed, strided convolutions, one vector a time step, one answer over time."""
    inputs = layers.Input(spectrogram.SHAPE)
    x = Perturb()(Bands()(inputs))
    for channels, *strides in design.body:
        x = layers.Conv2D(channels, 3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.2)(
        FrequencyFlattening()(x) if design.knows_frequency else FrequencyPooling()(x)
    )
    x = layers.Dropout(0.3)(layers.Dense(HEAD_UNITS, activation="relu")(x))
    logits = layers.Dense(classes, name=LAST_LAYER)(x)
    if design.attention:
        weights = layers.Softmax(axis=1)(layers.Dense(1)(x))
        logits = layers.Dot(axes=1)([logits, weights])
        return keras.Model(inputs, layers.Flatten()(logits), name=name)
    return keras.Model(inputs, TimePooling()(logits), name=name)


def multiplications(network: keras.Model) -> int:
    """Count the multiplications (MAC) of one window's answer: bands, convolutions and dense layers."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, Bands):
            total += spectrogram.SHAPE[0] * int(np.prod(layer.output.shape[1:3]))
        elif isinstance(layer, layers.Conv2D | layers.Dense):
            total += int(np.prod(layer.output.shape[1:-1])) * int(np.prod(layer.kernel.shape))
    return total


def mel_bands() -> npt.NDArray[np.float32]:
    """Triangles on the mel scale over the STFT's bins: weights [216, BANDS], each band's adding up to 1."""
    nyquist = spectrogram.SAMPLE_RATE / 2
    mel = np.linspace(_to_mel(LOWEST_HZ), _to_mel(nyquist), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.linspace(0, nyquist, spectrogram.SHAPE[0])[:, None]
    # No triangle narrower than a bin on either side, or low bands would fall between two bins.
    rise = np.maximum(edges[1:-1] - edges[:-2], bins[1, 0])
    fall = np.maximum(edges[2:] - edges[1:-1], bins[1, 0])
    weights = np.clip(
        np.minimum(1 + (bins - edges[1:-1]) / rise, 1 - (bins - edges[1:-1]) / fall), 0, None
    )
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
        power = tf.nn.avg_pool1d(
            tf.transpose(power, (0, 2, 1)), COLUMNS_PER_FRAME, COLUMNS_PER_FRAME, "VALID"
        )
        level = tf.math.log(tf.matmul(power, tf.constant(mel_bands()))) * LEVEL_STEP + 1
        level = tf.transpose(level, (0, 2, 1))
        stands_out = level - tf.reduce_mean(level, axis=2, keepdims=True)
        return tf.stack([level * 2 - 1, stands_out * 4], axis=-1)


@keras.saving.register_keras_serializable("birds")
class Perturb(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """In training only: another bird's pitch and pace, another recorder's colour and level, bands and times masked.

    Masks are SpecAugment (Park 2019); pitch and pace are its warping, over frequency too. Another recorder is
    MixStyle (Zhou 2021) band by band (Schmid 2022): the mean and the spread of another window, for a share of them.
    """

    def __init__(
        self,
        *,
        band_mask: int = 12,
        time_mask: int = 40,
        pitch: float = 1.5,
        pace: float = 0.1,
        recorder: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.band_mask, self.time_mask, self.pitch, self.pace = band_mask, time_mask, pitch, pace
        # A variable: the training turns it off for its last part.
        self.recorder = tf.Variable(recorder, trainable=False, dtype=tf.float32)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        count, bands, times = tf.shape(inputs)[0], inputs.shape[1], inputs.shape[2]
        x = self._another_bird(self._another_recorder(inputs, count), count)
        tilt = (
            tf.random.normal((count, 1, 1, 1))
            * 0.2
            * tf.linspace(-1.0, 1.0, bands)[None, :, None, None]
        )
        colour = (tf.random.normal((count, 1, 1, 1)) * 0.2 + tilt) * tf.constant([1.0, 0.0])
        kept = tf.ones((count, bands, times, 1))
        for _ in range(2):
            kept *= _mask(count, bands, self.band_mask)[:, :, None, None]
            kept *= _mask(count, times, self.time_mask)[:, None, :, None]
        return (x + colour) * kept

    def _another_recorder(self, inputs: Any, count: Any) -> Any:
        """Move each band's mean and spread over time towards those of the next window of the batch."""
        mean = tf.reduce_mean(inputs, axis=2, keepdims=True)
        spread = tf.sqrt(tf.math.reduce_variance(inputs, axis=2, keepdims=True) + LEAST_VARIANCE)
        chosen = tf.random.uniform((count, 1, 1, 1)) < self.recorder
        share = tf.where(chosen, tf.random.uniform((count, 1, 1, 1)), 0.0)
        new_mean, new_spread = (
            own + share * (tf.roll(own, 1, axis=0) - own) for own in (mean, spread)
        )
        return (inputs - mean) / spread * new_spread + new_mean

    def _another_bird(self, inputs: Any, count: Any) -> Any:
        """Shift by up to `pitch` bands, and play up to `pace` faster or slower from the middle."""
        bands, times = inputs.shape[1], inputs.shape[2]
        middle = (times - 1) / 2
        pace = tf.random.uniform((count, 1), 1 - self.pace, 1 + self.pace)
        moments = (tf.range(times, dtype=tf.float32)[None] - middle) * pace + middle
        x = tf.gather(inputs, _places(moments, times), axis=2, batch_dims=1)
        heights = tf.range(bands, dtype=tf.float32)[None] + tf.random.uniform(
            (count, 1), -self.pitch, self.pitch
        )
        part = (heights - tf.floor(heights))[:, :, None, None]
        below, above = (_places(tf.floor(heights) + step, bands) for step in (0, 1))
        return (1 - part) * tf.gather(x, below, batch_dims=1) + part * tf.gather(
            x, above, batch_dims=1
        )

    def get_config(self) -> dict[str, Any]:
        own = {
            "band_mask": self.band_mask,
            "time_mask": self.time_mask,
            "pitch": self.pitch,
            "pace": self.pace,
        }
        return {**super().get_config(), **own, "recorder": float(self.recorder)}


def _places(positions: Any, length: int) -> Any:
    """Positions [n, m] -> indices [n, m] within 0..length - 1."""
    return tf.cast(tf.clip_by_value(tf.round(positions), 0, length - 1), tf.int32)


def _mask(count: Any, length: int, longest: int) -> Any:
    """Zeros over one random stretch of at most `longest` of [count, length], ones elsewhere."""
    width = tf.random.uniform((count, 1), 0, longest)
    start = tf.random.uniform((count, 1), 0, 1) * (length - width)
    place = tf.range(length, dtype=tf.float32)[None]
    return 1 - tf.cast((place >= start) & (place < start + width), tf.float32)


@keras.saving.register_keras_serializable("birds")
class FrequencyFlattening(layers.Layer):  # type: ignore[misc]  # Keras ships no types.
    """[n, bands, times, c] -> [n, times, bands * c]: each band keeps a place of its own."""

    def call(self, inputs: Any) -> Any:
        _, bands, times, channels = inputs.shape
        return tf.reshape(tf.transpose(inputs, (0, 2, 1, 3)), (-1, times, bands * channels))


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
        return (
            tf.reduce_logsumexp(inputs * POOLING_SHARPNESS, axis=1) - tf.math.log(times)
        ) / POOLING_SHARPNESS
