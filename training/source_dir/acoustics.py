"""What happens to a sound on its way to a recorder, on powers [rows, columns] of its image.

Sounds are laid over each other as powers: these add up, for the phases of two sounds have nothing
to do with each other, and a window's image is then made only once.
"""

import numpy as np
import numpy.typing as npt
import spectrogram
from front import POWERS, Bytes, Floats, Front
from scipy import signal

# A wood's echo: a tail that falls by 60 dB in so many seconds, of so many decibels beside the
# sound itself.
ECHO_SECONDS = (0.2, 1.5)
ECHO_DECIBELS = (-20, 0)
# How loud a sound is: the mean of its loudest cells, so that a short call counts as much as a song.
LOUD_PART = 0.02
# Every fifth cell says it as well.
LOUDNESS_STRIDE = 5
LEAST_LOUDNESS = 1e-7
# What leaves and air take from each kilohertz on a long way: 24 dB at 8 kHz at most.
FAR_DECIBELS = 3.0
# Another bird of a species: rows higher or lower, and how much faster or slower.
PITCH_ROWS = 1.5
PACE = 0.1

NOISE_RMS = 0.05

Random = np.random.Generator


def ratio(decibels: float) -> np.float32:
    """Turn decibels into a ratio of powers."""
    return np.float32(10 ** (decibels / 10))


def loudness(power: Floats) -> float:
    """Return the mean power of the loudest cells."""
    cells = power.reshape(-1)[::LOUDNESS_STRIDE]
    count = max(1, int(cells.size * LOUD_PART))
    return max(float(np.partition(cells, -count)[-count:].mean()), LEAST_LOUDNESS)


def another_bird(image: Bytes, random: Random) -> Floats:
    """Return the powers of an image that sings a little higher or lower, faster or slower."""
    rows, columns = image.shape
    pace, pitch = random.uniform(1 - PACE, 1 + PACE), random.uniform(-PITCH_ROWS, PITCH_ROWS)
    moments = (np.arange(columns) - columns / 2) * pace + columns / 2
    image = image[:, np.rint(moments).clip(0, columns - 1).astype(np.intp)]
    below = np.floor(pitch)
    places = (np.arange(rows) + int(below)).clip(0, rows - 1)
    part = np.float32(pitch - below)
    above = np.minimum(places + 1, rows - 1)
    return np.asarray(
        POWERS[np.rint(image[places] * (1 - part) + image[above] * part).astype(np.uint8)]
    )


def far(power: Floats, view: Front, random: Random) -> Floats:
    """Return powers as from far away: high frequencies have fallen, and an echo may come."""
    decibels = random.uniform(0, FAR_DECIBELS) / 1_000 * view.hertz
    power = power * (10 ** (-decibels / 10)).astype(np.float32)[:, None]
    return echo(power, view, random) if random.random() < 0.6 else power


def echo(power: Floats, view: Front, random: Random) -> Floats:
    """Return powers with the tail that a wood or a house adds."""
    columns = random.uniform(*ECHO_SECONDS) * view.columns_per_second
    kept = float(10 ** (-6 / columns))  # From column to column.
    tail = np.array([0, ratio(random.uniform(*ECHO_DECIBELS)) * (1 - kept)], np.float32)
    return np.asarray(power + signal.lfilter(tail, np.array([1, -kept], np.float32), power, axis=1))


def phone(power: Floats, view: Front, random: Random) -> Floats:
    """Return powers as a phone's microphone, gain control and codec leave them, each by chance."""
    octaves = np.log2(np.maximum(view.hertz, 1) / 1_000)
    decibels = np.zeros_like(octaves)
    if random.random() < 0.6:  # Old phones and codecs keep 4 to 8 kHz.
        top = np.log2(random.uniform(3.8, 9))
        decibels += np.maximum(0, octaves - top) * random.uniform(30, 120)
    if random.random() < 0.6:  # Filters against wind.
        bottom = np.log2(random.uniform(0.25, 1.2))
        decibels += np.maximum(0, bottom - octaves) * random.uniform(6, 18)
    power = power * (10 ** (-decibels / 10)).astype(np.float32)[:, None]
    if random.random() < 0.5:
        level = np.asarray(signal.lfilter([0.05], [1, -0.95], power.mean(axis=0)))
        gain = (level + 1e-9) ** -random.uniform(0.2, 0.7)
        power = power * gain.astype(np.float32)
    if random.random() < 0.5:  # Its own hiss.
        power = power + power.max() * ratio(-random.uniform(35, 65))
    return np.asarray(power)


def noise_image(view: Front, random: Random) -> Bytes:
    """Return the image of a noise, quiet enough for 16 bits."""
    levels = spectrogram.to_spectrogram(noise(random) * np.float32(NOISE_RMS))
    return view.encode(spectrogram.to_bytes(levels))


def noise(random: Random) -> Floats:
    """Return 5 s without a bird, RMS 1: coloured noise, gusts, hum, a tone, a siren, clicks."""
    count = spectrogram.WINDOW_SAMPLES
    times = np.arange(count) / spectrogram.SAMPLE_RATE
    spectrum = np.fft.rfft(random.standard_normal(count))
    frequencies = np.maximum(np.fft.rfftfreq(count, 1 / spectrogram.SAMPLE_RATE), 20)
    coloured = np.fft.irfft(spectrum * frequencies ** -random.uniform(0, 1.5), count)
    sound = coloured / coloured.std()
    kind = random.integers(6)
    if kind == 1:
        sound *= 1 + np.interp(times, np.linspace(0, 5, 12), random.uniform(0, 6, 12))
    elif kind == 2:
        sound = sound * 0.2 + _hum(times, random)
    elif kind == 3:
        tone = np.sin(2 * np.pi * random.uniform(100, 9_000) * times)
        sound = sound * np.sqrt(ratio(random.uniform(-60, -10))) + tone
    elif kind == 4:
        sound = sound * 0.05 + _siren(times, random)
    elif kind == 5:
        for start in random.integers(0, count - 500, random.integers(1, 8)):
            click = random.standard_normal(300) * np.hanning(300)
            sound[start : start + 300] += random.uniform(10, 60) * click
    return np.asarray(sound / sound.std(), np.float32)


def _hum(times: npt.NDArray[np.float64], random: Random) -> npt.NDArray[np.float64]:
    base, overtones = random.uniform(45, 400), range(1, random.integers(2, 12))
    parts = [np.sin(2 * np.pi * base * n * times) / n for n in overtones]
    return np.asarray(np.sum(parts, axis=0))


def _siren(times: npt.NDArray[np.float64], random: Random) -> npt.NDArray[np.float64]:
    low, high = np.sort(random.uniform(300, 3_000, 2))
    turns = 0.5 + 0.5 * np.sin(2 * np.pi * random.uniform(0.1, 2) * times)
    phase = np.cumsum(low + (high - low) * turns) / spectrogram.SAMPLE_RATE
    return np.asarray(np.sin(2 * np.pi * phase))


def rms(sound: Floats) -> float:
    """Return the root mean square of samples [n]."""
    return float(np.sqrt(np.dot(sound, sound) / sound.size))
