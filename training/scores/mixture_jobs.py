"""Ask a model about sounds in which several birds sing, made of recordings that it never heard.

Sequences, overlays and scenes (mixtures.py). Seeded: the same folder gives the same mixtures.
"""

import tempfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from birdapp.chalicelib.errors import ServiceError
from spectrogram_fn.spectrogram import PCM_FULL_SCALE, SAMPLE_RATE
from training.data import shards
from training.data.metadata import NO_BIRD
from training.scores import mixtures
from training.scores.asking import classify, entries, workers
from training.scores.labelled import Pair
from training.scores.mixture_scores import OVERLAY, SCENE, SEQUENCE, Answer

PAIRS = 200
SCENES_A_PAIR = 1.5
# Among few recordings, more mixtures than these would be the same ones again.
SCENES_A_RECORDING = 3
BIRDS = (2, 3, 4, 5)
SEED = 7


@dataclass(frozen=True)
class Material:
    """Recordings: of listed species, those of them that alone are certain and right, of no bird."""

    certain: Sequence[Pair]
    listed: Sequence[Pair]
    empty: Sequence[Pair]


@dataclass(frozen=True)
class Job:
    """Recordings to mix, and how; a scene's last one is its background."""

    kind: str
    sources: tuple[Pair, ...]
    seed: int
    model: Path


def ask_mixtures(
    material: Material, model: Path, *, processes: int, count: int = PAIRS
) -> tuple[list[Answer], list[str]]:
    """Return answers to `count` sequences, overlays, and more scenes; and why others have none."""
    random = np.random.default_rng(SEED)
    pairs = list(pairs_of(material.certain, model, random, count))
    scenes = scenes_of(material, model, random, round(count * SCENES_A_PAIR))
    jobs = [*pairs, *scenes]
    with workers(processes) as pool:
        found = list(tqdm(pool.map(ask, jobs, chunksize=4), total=len(jobs), desc="mixtures"))
    answers = [one for one in found if isinstance(one, Answer)]
    return answers, [one for one in found if isinstance(one, str)]


def ask(job: Job) -> Answer | str:
    """Make a job's sound and have it answered; otherwise return in words why there is none."""
    try:
        made = _make(job)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "mixture.wav")
            write_wav(path, made.samples)
            answer = classify(path, job.model)
    except (ServiceError, OSError, ValueError) as error:
        return f"{job.sources[0][0]}: {error}"
    return Answer(job.kind, made.levels, answer["verdict"], entries(answer))


def _make(job: Job) -> mixtures.Mixture:
    sounds = [shards.read_audio(path) for path, _ in job.sources]
    levels = {label: 0.0 for _, label in job.sources if label != NO_BIRD}
    if job.kind == SEQUENCE:
        return mixtures.Mixture(mixtures.sequence(*sounds), levels)
    if job.kind == OVERLAY:
        return mixtures.Mixture(mixtures.overlay(*sounds), levels)
    birds = [(label, sound) for (_, label), sound in zip(job.sources, sounds[:-1], strict=False)]
    return mixtures.scene(birds, sounds[-1], np.random.default_rng(job.seed))


def write_wav(path: Path, samples: mixtures.Samples) -> None:
    """Write samples [n] as 16-bit mono."""
    pcm = np.rint(samples * np.float32(PCM_FULL_SCALE)).clip(-PCM_FULL_SCALE, PCM_FULL_SCALE - 1)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(pcm.astype("<i2").tobytes())


def pairs_of(
    certain: Sequence[Pair], model: Path, random: np.random.Generator, count: int = PAIRS
) -> Iterator[Job]:
    """Return sequences and overlays of two recordings of two species, each certain alone."""
    if len({label for _, label in certain}) < 2:
        return
    possible = len(certain) * (len(certain) - 1) // 2
    for number in range(min(count, possible)):
        one, other = (
            certain[int(place)] for place in random.choice(len(certain), 2, replace=False)
        )
        while one[1] == other[1]:
            other = certain[int(random.integers(len(certain)))]
        for kind in (SEQUENCE, OVERLAY):
            yield Job(kind, (one, other), number, model)


def scenes_of(
    material: Material, model: Path, random: np.random.Generator, count: int
) -> Iterator[Job]:
    """Return scenes of two to five listed species over a sound without a bird."""
    by_label: dict[str, list[Pair]] = {}
    for pair in material.listed:
        by_label.setdefault(pair[1], []).append(pair)
    labels, empty = sorted(by_label), material.empty
    most = min(count, SCENES_A_RECORDING * len(material.listed))
    for number in range(most if empty and len(labels) > 1 else 0):
        size = min(int(random.choice(BIRDS)), len(labels))
        chosen = [by_label[label] for label in random.permutation(labels)[:size]]
        birds = [one[int(random.integers(len(one)))] for one in chosen]
        behind = empty[int(random.integers(len(empty)))]
        yield Job(SCENE, (*birds, behind), number, model)
