"""Learn on from mixtures that a teacher has heard: the end of a training, for a network of gpu.py.

The shipped weights were made of those that gpu.py wrote by an earlier form of it: the same network,
targets, rates and losses, twice for 24 minutes of one core (83,200 windows each time, or a little
less), 20 of 64 windows a batch by themselves, turned around but neither higher nor faster. This
form has run for a few steps only. Data are prepared with --mixtures. What another bird sounds like,
which those networks were not asked, was then learnt alone in 1,500 steps of 128 clips, and the last
layer once more (refit.py).

    PYTHONPATH=training/source_dir:spectrogram_fn:docs/experiments python \\
      docs/experiments/learn_on.py --data build/dataset --folds folds.json \\
      --weights build/gpu/default-0.npz --fold 0 --output build/learnt-on/default-0.npz
"""

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import batches
import corpus
import distillation
import front
import gpu
import hearing
import learning
import numpy as np
import sampler
import torch
from torch import Tensor

PROJECTED, RIDGE = 4_096, 30.0


class LearnOn(gpu.Training):
    """A training whose batches are mixtures, and some sounds by themselves."""

    def __init__(self, data: gpu.Data, settings: gpu.Settings, folder: Path, weights: Any) -> None:
        super().__init__(data, settings)
        dataset = corpus.load(folder)
        rows = [
            {**row, "part": row["part"] and ("calibration" if held else "train")}
            for row, held in zip(dataset.rows, data.fold == settings.fold, strict=True)
        ]
        dataset = replace(dataset, rows=rows)
        images = corpus.keep_images(dataset, front.MEL, folder / learning.IMAGES)
        lessons = hearing.make_lessons(dataset, hearing.read_scores(dataset))
        mixtures = distillation.read(dataset, lessons, front.MEL)
        if mixtures is None:
            raise ValueError(f"{folder}: expected mixtures; prepare it with --mixtures")
        self.mixtures = mixtures
        self.singles = sampler.Sampler(dataset, images, front.MEL, lessons)
        self.numbers = np.random.default_rng(settings.seed)
        with torch.no_grad():
            self._start_from(weights)
            self._project()
            for name, one in self.network.weights.items():
                self.average[name].copy_(one)

    def _start_from(self, weights: Any) -> None:
        for part in (self.network.weights, self.network.moments):
            for name, one in part.items():
                if not name.startswith("embedding"):
                    one.copy_(torch.from_numpy(weights[name].astype(np.float32)))

    def _project(self) -> None:
        """Fit the layer that hears as the teacher does, which was thrown away, by least squares."""
        chosen = self.numbers.integers(len(self.mixtures.usable), size=PROJECTED)
        images = self.mixtures.images[self.mixtures.usable[chosen]].astype(np.float32)
        hidden = [
            self.network(self.network.weights, part, learns=False)[1]
            for part in torch.from_numpy(images).split(256)
        ]
        inputs = torch.cat([torch.cat(hidden), torch.ones(PROJECTED, 1)], 1)
        wanted = torch.from_numpy(self.mixtures.embeddings[chosen].astype(np.float32))
        square = inputs.T @ inputs + RIDGE * torch.eye(inputs.shape[1])
        found = torch.linalg.solve(square, inputs.T @ wanted)
        self.network.weights["embedding"].copy_(found[:-1].T)
        self.network.weights["embedding_bias"].copy_(found[-1])

    def batch(self, progress: Tensor) -> tuple[Tensor, ...]:
        """Return images, targets, embeddings, and which of these are known."""
        examples = self.mixtures.draw_among(self.singles, self.settings.batch, self.numbers)
        strange = float(progress) < learning.STRANGE_SHARE
        share = batches.RECORDER_SHARE if strange else 0.0
        return gpu.tensors(batches.to_batch(examples, self.numbers, recorder_share=share))


def main() -> None:
    """Learn on, and write the mean of the weights before and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "folds", "weights", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=-1, help="held back; -1: none")
    parser.add_argument("--windows", type=int, default=80_000)
    options = parser.parse_args()
    if gpu.DEVICE.type != "cpu":
        raise SystemExit("learn_on: batches are drawn on the CPU; hide the GPU")
    torch.set_num_threads(1)
    images, folds = options.data / learning.IMAGES, json.loads(options.folds.read_text("utf-8"))
    corpus.keep_images(corpus.load(options.data), front.MEL, images)
    rate = learning.MIXTURES_RATE * 1.6e-2
    settings = gpu.Settings(
        options.output.stem, fold=options.fold, seed=options.fold + 101, windows=options.windows,
        learning_rate=rate, embedding=learning.EMBEDDING_WEIGHT,
    )  # fmt: skip
    before = dict(np.load(options.weights))
    training = LearnOn(gpu.Data(options.data, images, folds), settings, options.data, before)
    training.run(math.inf)
    after = training.keras_weights()
    mean = {name: (one.astype(np.float32) + before[name]) / 2 for name, one in after.items()}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez(options.output, allow_pickle=False, **mean)
    if options.fold >= 0:
        for part in (training.average, training.network.moments):
            for name in set(part) & set(mean):
                part[name].copy_(torch.from_numpy(mean[name]))
        print(json.dumps(gpu.score(training)))


if __name__ == "__main__":
    main()
