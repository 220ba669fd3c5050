"""Score a model where several birds sing: sequences, overlays and scenes of held-back recordings.

Any labelled folder will do, as for training.evaluate. Seeded: the same folder gives the same
mixtures. Everything is asked of the code that serves; writes mixtures.json.
"""

import argparse
import json
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from birdapp.chalicelib.endpoint_client import describe
from birdapp.chalicelib.errors import ServiceError
from spectrogram_fn.spectrogram import PCM_FULL_SCALE, SAMPLE_RATE
from training import evaluate
from training.data import shards
from training.scores import mixture_scores, mixtures
from training.scores.labelled import Names, held_back, read_labelled, read_manifest
from training.scores.mixture_scores import Answer

PAIRS, SCENES = 200, 300
BIRDS = (2, 3, 4, 5)
SEED = 7
NO_BIRD = "no_bird"

Pair = tuple[Path, str]


@dataclass(frozen=True)
class Job:
    """Recordings to mix: kind is alone, sequence, overlay or scene; a scene's last is behind."""

    kind: str
    sources: tuple[Pair, ...]
    seed: int
    model: Path


def ask(job: Job) -> Answer | str:
    """Make a job's sound and have it answered; otherwise return in words why there is none."""
    try:
        made = _make(job)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "mixture.wav")
            write_wav(path, made.samples)
            answer = evaluate.classify(path, job.model)
    except (ServiceError, OSError, ValueError) as error:
        return f"{job.sources[0][0]}: {error}"
    entries = [
        (one["scientific_name"], one["confidence"], one["certain"]) for one in answer["birds"]
    ]
    return Answer(job.kind, made.levels, answer["verdict"], entries)


def _make(job: Job) -> mixtures.Mixture:
    sounds = [shards.read_audio(path) for path, _ in job.sources]
    levels = {label: 0.0 for _, label in job.sources if label != NO_BIRD}
    if job.kind == "alone":
        return mixtures.Mixture(sounds[0], levels)
    if job.kind == "sequence":
        return mixtures.Mixture(mixtures.sequence(*sounds), levels)
    if job.kind == "overlay":
        return mixtures.Mixture(mixtures.overlay(*sounds), levels)
    birds = [(label, sound) for (_, label), sound in zip(job.sources, sounds[:-1], strict=False)]
    return mixtures.scene(birds, sounds[-1], np.random.default_rng(job.seed))


def write_wav(path: Path, samples: mixtures.Samples) -> None:
    """Write samples [n] as 16-bit mono."""
    pcm = np.rint(samples * np.float32(PCM_FULL_SCALE)).clip(-PCM_FULL_SCALE, PCM_FULL_SCALE - 1)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(pcm.astype("<i2").tobytes())


def pairs_of(certain: Sequence[Pair], model: Path, random: np.random.Generator) -> Iterator[Job]:
    """Return sequences and overlays of two recordings of two species, each certain alone."""
    if len({label for _, label in certain}) < 2:
        return
    for number in range(PAIRS):
        one, other = (
            certain[int(place)] for place in random.choice(len(certain), 2, replace=False)
        )
        while one[1] == other[1]:
            other = certain[int(random.integers(len(certain)))]
        for kind in ("sequence", "overlay"):
            yield Job(kind, (one, other), number, model)


def scenes_of(
    listed: Sequence[Pair], empty: Sequence[Pair], model: Path, random: np.random.Generator
) -> Iterator[Job]:
    """Return scenes of two to five listed species over a sound without a bird."""
    by_label: dict[str, list[Pair]] = {}
    for pair in listed:
        by_label.setdefault(pair[1], []).append(pair)
    labels = sorted(by_label)
    for number in range(SCENES if empty else 0):
        count = min(int(random.choice(BIRDS)), len(labels))
        chosen = [by_label[label] for label in random.permutation(labels)[:count]]
        birds = [one[int(random.integers(len(one)))] for one in chosen]
        behind = empty[int(random.integers(len(empty)))]
        yield Job("scene", (*birds, behind), number, model)


def run(
    pairs: Sequence[Pair], labels: Sequence[str], model: Path, processes: int
) -> dict[str, Any]:
    """Ask for all recordings alone, then for what is made of them; return the scores."""
    random, listed = np.random.default_rng(SEED), [pair for pair in pairs if pair[1] in labels]
    empty = [pair for pair in pairs if pair[1] == NO_BIRD]
    alone = [Job("alone", (pair,), 0, model) for pair in pairs]
    with ProcessPoolExecutor(processes) as pool:
        found = list(tqdm(pool.map(ask, alone, chunksize=4), total=len(alone), desc="alone"))
        certain = [
            job.sources[0]
            for job, one in zip(alone, found, strict=True)
            if isinstance(one, Answer) and one.certain == {job.sources[0][1]}
        ]
        jobs = [*pairs_of(certain, model, random), *scenes_of(listed, empty, model, random)]
        found += list(tqdm(pool.map(ask, jobs, chunksize=4), total=len(jobs), desc="mixtures"))
    answers = [one for one in found if isinstance(one, Answer)]
    problems = [one for one in found if isinstance(one, str)]
    return {"problems": problems, **mixture_scores.summarise(answers, labels)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate_mixtures", description=__doc__
    )
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=evaluate.MODEL)
    parser.add_argument("--output", type=Path, default=Path("build/evaluation"))
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(argv)
    try:
        model = describe(evaluate.InProcess(options.model), "")
        names = Names(model.labels, model.names, read_manifest(options.model))
        found = read_labelled(options.recordings, names, strangers=True)
        pairs, labels = held_back(found.pairs, options.model), model.labels
    except (OSError, ValueError) as error:
        print(f"evaluate_mixtures: {error}", file=sys.stderr)
        return 1
    scores = run(pairs, labels, options.model, options.processes)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "mixtures.json").write_text(json.dumps(scores, indent=1) + "\n", "utf-8")
    print(json.dumps(scores, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
