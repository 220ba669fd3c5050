"""Windows of sound -> batches to learn from: drawn fairly, shifted, mixed, made noisy, turned into spectrograms.

Sounds are laid over each other as powers of their spectrograms: these add up, for the phases of two sounds have nothing
to do with each other, and a window's spectrogram is then made only once.
"""

import csv
import json
import math
import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import spectrogram
from scipy import signal

NO_BIRD = "no_bird"
# How often a batch's place goes to a listed species, to another species, and to a sound without a bird.
SHARES = {"listed": 0.6, "other": 0.28, NO_BIRD: 0.12}
# Species with more recordings are drawn more often, but far less than in proportion: how many were uploaded says little
# about what sings beside a listener.
SPECIES_POWER = 0.3
# A window in which little happens is drawn less, never not at all.
LEAST_ACTIVITY_WEIGHT = 0.05
MIX_SHARE = 0.5
NOISE_SHARE = 0.3
# A wood's echo: a tail that falls by 60 dB in so many seconds, of so many decibels beside the sound itself.
ECHO_SHARE = 0.3
ECHO_SECONDS = (0.2, 1.5)
ECHO_DECIBELS = (-20, 0)
SYNTHETIC_NO_BIRD_SHARE = 0.5
QUEUED_BATCHES = 8
# Spectrograms of so many windows are kept: 2.2 GB. Those of a larger archive are made anew each time.
KEPT_WINDOWS = 20_000
# Noises take long to make: so many are made once, and turned around and weighted anew each time.
NOISE_BANK = 128

Pcm = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

# The power that each byte of a spectrogram stands for, as a part of the loudest.
POWERS = np.exp(
    (np.arange(256, dtype=np.float32) / 255 - 1) * math.log(1 / spectrogram.LEAST_POWER)
)
POWERS[0] = 0
# The mean power of a sound never counts as less: what is silent stays so.
LEAST_MEAN = 1e-20


@dataclass(frozen=True)
class Dataset:
    """A folder that prepare.py wrote: windows [n, WINDOW_SAMPLES] of 16-bit PCM, and one row each."""

    windows: Pcm
    rows: list[dict[str, str]]
    classes: list[str]
    listed: list[str]
    scientific_names: list[str]
    names: list[str]

    def part(self, name: str) -> list[int]:
        """Give the indices of the windows of one part: train, calibration or test."""
        return [index for index, row in enumerate(self.rows) if row["part"] == name]


def load(folder: Path) -> Dataset:
    """Read a dataset. The listed species come first among the classes, `no_bird` last. Raises OSError, ValueError."""
    description = json.loads((folder / "dataset.json").read_text("utf-8"))
    with (folder / "windows.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    windows = np.load(folder / "windows.npy", mmap_mode="r")
    if windows.shape != (len(rows), spectrogram.WINDOW_SAMPLES):
        raise ValueError(f"{folder}: expected {len(rows)} windows of 5 s, got {windows.shape}")
    species = sorted(description["species"], key=lambda one: one["scientific_name"])
    listed = [one["primary_label"] for one in species]
    others = sorted({row["primary_label"] for row in rows} - {*listed, NO_BIRD})
    scientific = [one["scientific_name"] for one in species]
    names = [one["common_name"] or one["scientific_name"] for one in species]
    return Dataset(windows, rows, [*listed, *others, NO_BIRD], listed, scientific, names)


class Sampler:
    """Draws training examples, each from (seed, epoch, place), so that a resumed training sees what it would have."""

    def __init__(self, dataset: Dataset, seed: int) -> None:
        self._dataset, self._seed = dataset, seed
        self._class_of = {label: index for index, label in enumerate(dataset.classes)}
        self._by_class: dict[str, list[tuple[list[int], Floats]]] = {}
        recordings: dict[tuple[str, str], list[int]] = {}
        for index in dataset.part("train"):
            row = dataset.rows[index]
            if row["silent"] == "0":
                recordings.setdefault((row["primary_label"], row["recording_id"]), []).append(index)
        for (label, _), indices in recordings.items():
            activity = np.array(
                [float(dataset.rows[index]["activity"]) for index in indices], np.float32
            )
            weights = np.maximum(activity / max(float(activity.max()), 1e-6), LEAST_ACTIVITY_WEIGHT)
            self._by_class.setdefault(label, []).append((indices, weights / weights.sum()))
        self.windows = sum(len(indices) for indices in recordings.values())
        self._groups = self._group()
        bank = np.random.default_rng((seed, NOISE_BANK))
        powers = (spectrogram.to_power(noise(bank)) for _ in range(NOISE_BANK))
        self._noises = [power / power.mean() for power in powers]
        self._kept: dict[int, tuple[Bytes, float]] = {}

    def _group(self) -> dict[str, tuple[list[str], Floats]]:
        listed = set(self._dataset.classes[: len(self._dataset.listed)])
        members = {
            "listed": [label for label in self._by_class if label in listed],
            "other": [
                label for label in self._by_class if label not in listed and label != NO_BIRD
            ],
            NO_BIRD: [label for label in self._by_class if label == NO_BIRD],
        }
        groups = {}
        for name, labels in members.items():
            if labels:
                weights = np.array(
                    [len(self._by_class[label]) ** SPECIES_POWER for label in labels], np.float32
                )
                groups[name] = (labels, weights / weights.sum())
        return groups

    def batches(
        self, epoch: int, batch_size: int, places: Iterable[int]
    ) -> Iterator[tuple[Bytes, Floats]]:
        """Give an epoch's batches: spectrogram bytes [b, 216, 514] and targets [b, classes] that add up to 1.

        Each comes from its own place: who learns together must name different ones.
        """
        for place in places:
            random = np.random.default_rng((self._seed, epoch, place))
            examples = [self._example(random) for _ in range(batch_size)]
            yield (
                np.stack([image for image, _ in examples]),
                np.stack([target for _, target in examples]),
            )

    def _example(self, random: np.random.Generator) -> tuple[Bytes, Floats]:
        names = list(self._groups)
        shares = np.array([SHARES[name] for name in names])
        group = names[random.choice(len(names), p=shares / shares.sum())]
        power, target = self._draw(group, random)
        if random.random() < MIX_SHARE:
            partner = names[random.choice(len(names), p=shares / shares.sum())]
            power, target = _mix((power, target), self._draw(partner, random), random)
        if random.random() < NOISE_SHARE:
            power = power + self._noise(random) * (_ratio(random.uniform(-40, -10)) * power.mean())
        if random.random() < ECHO_SHARE:
            power = _echo(power, random)
        return spectrogram.to_bytes(spectrogram.to_levels(power)), target

    def _draw(self, group: str, random: np.random.Generator) -> tuple[Floats, Floats]:
        labels, weights = self._groups[group]
        label = labels[random.choice(len(labels), p=weights)]
        target = np.zeros(len(self._dataset.classes), np.float32)
        target[self._class_of[label]] = 1
        if label == NO_BIRD and random.random() < SYNTHETIC_NO_BIRD_SHARE:
            return self._noise(random), target
        recordings = self._by_class[label]
        indices, chances = recordings[random.integers(len(recordings))]
        return self._crop(indices[random.choice(len(indices), p=chances)], random), target

    def _noise(self, random: np.random.Generator) -> Floats:
        turned = int(random.integers(spectrogram.SHAPE[1]))
        return np.roll(self._noises[random.integers(NOISE_BANK)], turned, axis=1)

    def _crop(self, index: int, random: np.random.Generator) -> Floats:
        """Five seconds from anywhere in this window and the next one of its recording, or the window turned around."""
        start = int(random.integers(spectrogram.SHAPE[1]))
        rows = self._dataset.rows
        follows = (
            index + 1 < len(rows) and rows[index + 1]["recording_id"] == rows[index]["recording_id"]
        )
        following = index + 1 if follows and random.random() < 0.5 else index
        return np.concatenate(
            [self._power(index)[:, start:], self._power(following)[:, :start]], axis=1
        )

    def _power(self, index: int) -> Floats:
        """The powers of a window, from its bytes, which are small enough to be kept."""
        found = self._kept.get(index)
        if not found:
            power = spectrogram.to_power(
                self._dataset.windows[index] / np.float32(spectrogram.PCM_FULL_SCALE)
            )
            found = spectrogram.to_bytes(spectrogram.to_levels(power)), spectrogram.loudest(power)
            if len(self._kept) < KEPT_WINDOWS:
                self._kept[index] = found
        image, loudest = found
        return np.asarray(POWERS[image] * np.float32(loudest))


def _mix(
    one: tuple[Floats, Floats], other: tuple[Floats, Floats], random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Lay two sounds over each other (mixup on sound). A bird over a sound without one is that bird."""
    (power, target), (partner, partner_target) = one, other
    difference = random.uniform(-10, 10)
    mixed = power + partner * np.float32(
        _ratio(difference) * power.mean() / max(partner.mean(), LEAST_MEAN)
    )
    if partner_target[-1] == 1:
        return mixed, target
    if target[-1] == 1:
        return mixed, partner_target
    share = np.float32(1 / (1 + _gain(difference)))
    return mixed, target * share + partner_target * (1 - share)


def _echo(power: Floats, random: np.random.Generator) -> Floats:
    columns = random.uniform(*ECHO_SECONDS) * spectrogram.SAMPLE_RATE / spectrogram.HOP_SAMPLES
    kept = float(10 ** (-6 / columns))  # From column to column.
    tail = np.array([0, _ratio(random.uniform(*ECHO_DECIBELS)) * (1 - kept)], np.float32)
    return np.asarray(power + signal.lfilter(tail, np.array([1, -kept], np.float32), power, axis=1))


def rms(sound: Floats) -> float:
    """Root mean square of samples [n]."""
    return float(np.sqrt(np.dot(sound, sound) / sound.size))


def _gain(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))


def _ratio(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 10))


def noise(random: np.random.Generator) -> Floats:
    """Five seconds without a bird, RMS 1: white to brown noise, gusts, hum, a tone, a siren, or clicks."""
    count, times = (
        spectrogram.WINDOW_SAMPLES,
        np.arange(spectrogram.WINDOW_SAMPLES) / spectrogram.SAMPLE_RATE,
    )
    spectrum = np.fft.rfft(random.standard_normal(count))
    frequencies = np.maximum(np.fft.rfftfreq(count, 1 / spectrogram.SAMPLE_RATE), 20)
    coloured = np.fft.irfft(spectrum * frequencies ** -random.uniform(0, 1.5), count)
    sound = coloured / coloured.std()
    kind = random.integers(6)
    if kind == 1:
        sound = sound * (1 + np.interp(times, np.linspace(0, 5, 12), random.uniform(0, 6, 12)))
    elif kind == 2:
        base = random.uniform(45, 400)
        sound = sound * 0.2 + sum(
            np.sin(2 * np.pi * base * n * times) / n for n in range(1, random.integers(2, 12))
        )
    elif kind == 3:
        sound = sound * _gain(random.uniform(-60, -10)) + np.sin(
            2 * np.pi * random.uniform(100, 9_000) * times
        )
    elif kind == 4:
        low, high = np.sort(random.uniform(300, 3_000, 2))
        sweep = low + (high - low) * (
            0.5 + 0.5 * np.sin(2 * np.pi * random.uniform(0.1, 2) * times)
        )
        sound = sound * 0.05 + np.sin(2 * np.pi * np.cumsum(sweep) / spectrogram.SAMPLE_RATE)
    elif kind == 5:
        for start in random.integers(0, count - 500, random.integers(1, 8)):
            sound[start : start + 300] += (
                random.uniform(10, 60) * random.standard_normal(300) * np.hanning(300)
            )
    return np.asarray(sound / sound.std(), np.float32)


def ahead(
    batches: Iterator[tuple[Bytes, Floats]],
) -> Iterator[tuple[Bytes, Floats]]:
    """Prepare batches in a thread of their own while the network learns. An error there is raised here."""
    ready: queue.Queue[object] = queue.Queue(QUEUED_BATCHES)

    def fill() -> None:
        try:
            for batch in batches:
                ready.put(batch)
            ready.put(None)
        except BaseException as error:
            ready.put(error)

    threading.Thread(target=fill, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item  # type: ignore[misc]
