"""The recipe on one core, in PyTorch with bfloat16: a light network in 20 minutes.

What training/source_dir draws, gpu.py's network and steps: first scenes, then mixtures that a
teacher has heard (mixtures.py) and sounds by themselves. It writes a checkpoint as a training that
is done leaves it, so that training.cross_validate and training.pipeline do the rest: the last
layer once more, calibration, scores, the model. Checkpoints of its own are kept every 3 minutes.
Needs torch 2.11 beside the packages of training, and a processor with bfloat16 (AVX-512 or AMX), or
it is slow; `--fold -1` holds nothing back. CUDA_VISIBLE_DEVICES= hides a GPU.

    PYTHONPATH=training/source_dir:spectrogram_fn:docs/experiments:. python \\
      docs/experiments/one_core.py --data build/dataset --fold 0 --output build/cross-validation
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import batches
import corpus
import distillation
import front
import gpu
import hearing
import learning
import model
import multi_worker
import numpy as np
import sampler
import torch
import train
from torch import Tensor

from training import cross_validate

BATCH, LEARNING_RATE = 64, 1.6e-2
# The rate falls as if there were so many windows of scenes; then come the mixtures, at a lower one.
SCENES, WHOLE, MIXTURES = 200_000, 433_000, 110_000
KEEP_SECONDS = 180
SEED, ALL = 21, -1
STATE = "one-core.pt"


class OneCore(gpu.Training):
    """A training in two parts, whose batches are drawn on the processor."""

    def __init__(self, dataset: corpus.Dataset, images: Path, architecture: str, seed: int) -> None:
        self.settings = gpu.Settings(
            "one core", architecture, seed=seed, windows=SCENES + MIXTURES, batch=BATCH,
            learning_rate=LEARNING_RATE, embedding=learning.EMBEDDING_WEIGHT,
        )  # fmt: skip
        kept = corpus.keep_images(dataset, front.MEL, images)
        lessons = hearing.make_lessons(dataset, hearing.read_scores(dataset))
        mixtures = distillation.read(dataset, lessons, front.MEL)
        if mixtures is None or lessons.embedding is None:
            raise ValueError(f"{dataset.folder}: expected a teacher's windows and mixtures")
        self.mixtures, self.singles = mixtures, sampler.Sampler(dataset, kept, front.MEL, lessons)
        body, width = model.BODIES[architecture], lessons.embedding.shape[1]
        self.network = gpu.Network(body, len(dataset.classes), width, seed)
        self.start()
        self.turn, self.end = SCENES // BATCH, (SCENES + MIXTURES) // BATCH
        self.steps, self.done = WHOLE // BATCH, 0

    def parts(self) -> dict[str, dict[str, Tensor]]:
        """Return all that a step changes, but for the count of steps."""
        return {
            "weights": self.network.weights,
            "moments": self.network.moments,
            "speed": self.speed,
            "energy": self.energy,
            "average": self.average,
        }

    def keep(self, path: Path) -> None:
        """Write a checkpoint."""
        partial = path.with_suffix(".partial")
        torch.save({**self.parts(), "step": self.step, "done": self.done}, partial)
        partial.replace(path)

    def go_on(self, path: Path) -> None:
        """Read a checkpoint, if there is one."""
        if not path.exists():
            return
        state = torch.load(path)
        with torch.no_grad():
            for name, part in self.parts().items():
                for key, one in part.items():
                    one.copy_(state[name][key])
        self.step, self.done = state["step"], state["done"]
        if self.done > self.turn:
            self._slow_down()

    def run_on(self, path: Path) -> None:
        """Learn until all windows are seen, with checkpoints."""
        kept = time.monotonic()
        for made in batches.ahead(self._feed()):
            if self.done == self.turn:
                self._begin_mixtures()
            self.now = gpu.tensors(made)
            self.learn()
            self.done += 1
            if time.monotonic() - kept > KEEP_SECONDS or self.done == self.end:
                kept = time.monotonic()
                self.keep(path)
                print(f"{path}: {self.done * BATCH:,} windows", flush=True)

    def batch(self, progress: Tensor) -> tuple[Tensor, ...]:
        """Return the batch that was drawn ahead."""
        del progress
        return self.now

    def _feed(self) -> Iterator[batches.Batch]:
        for place in range(self.done, self.end):
            random = np.random.default_rng((self.settings.seed, place))
            if place < self.turn:
                examples, strange = self.singles.draw(BATCH, random), True
            else:
                examples = self.mixtures.draw_among(self.singles, BATCH, random)
                part = (place - self.turn) / (self.end - self.turn)
                strange = part < learning.STRANGE_SHARE
            share = batches.RECORDER_SHARE if strange else 0.0
            yield batches.to_batch(examples, random, recorder_share=share)

    def _begin_mixtures(self) -> None:
        self._slow_down()
        with torch.no_grad():
            for name, one in self.network.weights.items():
                one.copy_(self.average[name])
            for part in (self.speed, self.energy):
                for one in part.values():
                    one.zero_()
            self.step.zero_()

    def _slow_down(self) -> None:
        rate = LEARNING_RATE * learning.MIXTURES_RATE
        self.settings = replace(self.settings, learning_rate=rate)
        self.steps = self.end - self.turn


def leave(
    made: OneCore, dataset: corpus.Dataset, settings: learning.Settings, points: Path
) -> None:
    """Write the checkpoint that a training by train.py leaves when it is done."""
    done = learning.Training(dataset, settings, points, multi_worker.Workers())
    found = {**made.average, **made.network.moments}
    gpu.set_weights(done.network, {name: one.detach().numpy() for name, one in found.items()})
    for average, variable in zip(done.averages, done.network.trainable_variables, strict=True):
        average.assign(variable)
    done.epoch.assign(settings.epochs)
    done.steps.assign((SCENES + MIXTURES) // done.batch_size)
    done.keep()


def main() -> None:
    """Train the network of a fold, or of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=Path("build/cross-validation"))
    parser.add_argument("--checkpoints", type=Path, default=Path("build/checkpoints"))
    parser.add_argument("--fold", type=int, default=ALL, help="held back; -1: none")
    parser.add_argument("--architecture", default="default")
    options = parser.parse_args()
    if gpu.DEVICE.type != "cpu":
        raise SystemExit("one_core: hide the GPU with CUDA_VISIBLE_DEVICES=")
    torch.set_num_threads(1)
    gpu.NARROW = torch.bfloat16
    if options.fold == ALL:
        dataset = corpus.learn_from_all(corpus.load(options.data))
        folder = options.checkpoints / "all"
    else:
        fold = cross_validate.Fold(options.output, options.fold)
        places = cross_validate.places_of(options.data, cross_validate.FOLDS)
        cross_validate.write(options.data, places, fold)
        dataset, folder = corpus.load(fold.dataset), fold.root / "checkpoints"
    words = ["--data", str(dataset.folder), "--model-dir", str(folder)]
    asked = train.arguments([*words, "--architecture", options.architecture])
    settings = train.settings_of(asked)
    points = train.checkpoints(folder, settings, dataset.folder)
    made = OneCore(dataset, points / learning.IMAGES, options.architecture, SEED + options.fold)
    made.go_on(points / STATE)
    made.run_on(points / STATE)
    leave(made, dataset, settings, points)


if __name__ == "__main__":
    main()
