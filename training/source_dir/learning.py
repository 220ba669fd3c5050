"""How a network learns: epoch by epoch, with checkpoints from which a stopped training goes on.

Several machines share each batch (multi_worker.py); the first of them does what is done once.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import batches
import calibrate
import corpus
import distillation
import hearing
import keras
import model
import multi_worker
import numpy as np
import optimizer
import sampler
import tensorflow as tf
from tqdm import tqdm

WARMUP = 0.05
AVERAGE_DECAY = 0.998
# The network is scored, and a point of its learning curve drawn, after so many epochs, or sooner.
CURVE_EPOCHS = 2
# An epoch of a large archive takes long: no more minutes than these are lost when it is stopped.
KEEP_MINUTES = 5.0
# A batch is learnt in halves that are computed side by side, one thread each: two threads in one
# half wait for each other, and cost a third more (27 ms a window in place of 19, measured in turn).
HALVES = 2
# Windows sound as from other recorders for this part of the training, then as they are.
STRANGE_SHARE = 0.78
IMAGES = "images.npy"
# How much it counts to hear as the teacher does, beside the names.
EMBEDDING_WEIGHT = 10.0
# Where there are mixtures that a teacher has heard, they are learnt from in this last part, at this
# part of the learning rate; the weights from before and after it are then averaged (Wortsman et
# al., 2022: "Robust fine-tuning of zero-shot models").
MIXTURES_PART, MIXTURES_RATE = 0.15, 0.375
NOT_YET = -1.0


@dataclass(frozen=True)
class Settings:
    """What decides the result of a training, beside the data."""

    architecture: str
    epochs: int
    minutes: float
    seed: int
    batch_size: int
    learning_rate: float

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.minutes <= 0 or self.batch_size < 1 or self.batch_size % HALVES:
            raise ValueError(
                "epochs, minutes and batch size must be positive, and the batch size even"
            )


class Training:
    """What a checkpoint holds: network, optimizer, averages, what is done, minutes spent."""

    def __init__(
        self,
        dataset: corpus.Dataset,
        settings: Settings,
        folder: Path,
        workers: multi_worker.Workers,
    ) -> None:
        keras.utils.set_random_seed(settings.seed + workers.index)
        self.dataset, self.settings, self.workers = dataset, settings, workers
        self.batch_size = workers.count * workers.share(settings.batch_size, parts=HALVES)
        view = model.view(settings.architecture)
        self.images = corpus.keep_images(dataset, view, folder / IMAGES)
        lessons = hearing.make_lessons(dataset, hearing.read_scores(dataset))
        self.sampler = sampler.Sampler(dataset, self.images, view, lessons)
        self.mixtures = distillation.read(dataset, lessons, view)
        self.batches = max(1, self.sampler.windows // self.batch_size)
        self._build(0 if lessons.embedding is None else lessons.embedding.shape[1])
        self._restore(folder)

    def _build(self, embedding: int) -> None:
        classes = len(self.dataset.classes)
        self.network = model.build(self.settings.architecture, classes, embedding=embedding)
        self.optimizer = optimizer.Muon()
        self.optimizer.build(self.network.trainable_variables)
        self.averages = [tf.Variable(weights) for weights in self.network.trainable_variables]
        self.epoch, self.batch, self.steps = (tf.Variable(0) for _ in range(3))
        self.minutes = tf.Variable(0.0)
        # The progress at which the mixtures began, and the averages and moments then.
        self.turned = tf.Variable(NOT_YET)
        kept = self.network.weights if self.mixtures else []
        self.before = [tf.Variable(weights) for weights in kept]

    def _restore(self, folder: Path) -> None:
        state = tf.train.Checkpoint(
            network=self.network,
            optimizer=self.optimizer,
            averages=self.averages,
            epoch=self.epoch,
            batch=self.batch,
            steps=self.steps,
            minutes=self.minutes,
            turned=self.turned,
            before=self.before,
        )
        self._checkpoints = tf.train.CheckpointManager(state, str(folder), max_to_keep=2)
        self._curve = folder / "curve.json"
        self.curve: list[dict[str, float]] = []
        if self.workers.is_chief and self._checkpoints.restore_or_initialize():
            print(f"going on after epoch {self.epochs:g}, {float(self.minutes):.1f} minutes")
            if self._curve.exists():
                self.curve = json.loads(self._curve.read_text("utf-8"))
        counters = [self.epoch, self.batch, self.steps, self.minutes, self.turned]
        weights = [*self.network.weights, *self.optimizer.variables, *self.averages, *self.before]
        self.workers.follow_chief([*weights, *counters])
        self._kept = float(self.minutes)

    @property
    def epochs(self) -> float:
        """The epochs done, with the part of the one under way."""
        return round(int(self.epoch) + int(self.batch) / self.batches, 2)

    def run(self) -> None:
        """Learn until the epochs or the minutes are spent.

        Ctrl-C loses what came after the last checkpoint.
        """
        while (
            int(self.epoch) < self.settings.epochs and float(self.minutes) < self.settings.minutes
        ):
            if self._turns():
                self._turn()
            loss = self._run_epoch()
            if int(self.batch) == self.batches:
                self.epoch.assign_add(1)
                self.batch.assign(0)
            self.workers.average(self.network.non_trainable_weights)
            if self.workers.is_chief:
                self._keep(loss)
        self.workers.refuse_drift(self.network.weights)

    def _feed(self) -> Iterator[batches.Batch]:
        """The batches that are left of this epoch, each drawn from (seed, epoch, place)."""
        share, strange = self.batch_size // self.workers.count, self._progress < STRANGE_SHARE
        for place in self.workers.places(self.batches)[int(self.batch) :]:
            random = np.random.default_rng((self.settings.seed, int(self.epoch), place))
            examples = self._draw(share, random)
            recorder_share = batches.RECORDER_SHARE if strange else 0.0
            yield batches.to_batch(examples, random, recorder_share=recorder_share)

    def _draw(self, size: int, random: np.random.Generator) -> list[sampler.Example]:
        if self.mixtures is None or not self._has_turned:
            return self.sampler.draw(size, random)
        return self.mixtures.draw_among(self.sampler, size, random)

    @property
    def _has_turned(self) -> bool:
        return float(self.turned) >= 0

    def _turns(self) -> bool:
        """Return whether it is time to learn from mixtures."""
        due = self._whole_progress >= 1 - MIXTURES_PART
        return self.mixtures is not None and due and not self._has_turned

    def _turn(self) -> None:
        with self.averaged():
            for kept, weights in zip(self.before, self.network.weights, strict=True):
                kept.assign(weights)
        # From here on the averages are those of both parts.
        self.turned.assign(self._whole_progress)

    def _run_epoch(self) -> float:
        losses: list[float] = []
        spent, began = float(self.minutes), time.monotonic()
        feed, name = batches.ahead(self._feed()), f"epoch {int(self.epoch) + 1}"
        bar = tqdm(feed, name, self.batches, initial=int(self.batch), unit="batch", mininterval=5)
        for batch in bar:
            self.optimizer.learning_rate.assign(self._learning_rate())
            losses.append(float(self._step(*_tensors(batch))))
            self.batch.assign_add(1)
            self.minutes.assign(spent + (time.monotonic() - began) / 60)
            # One clock decides how fast to learn and when to stop, or the machines would part.
            self.workers.follow_chief([self.minutes])
            bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", refresh=False)
            if float(self.minutes) >= self.settings.minutes or self._turns():
                break
            whole = int(self.batch) == self.batches  # Kept by run(), as the start of the next one.
            due = float(self.minutes) - self._kept >= KEEP_MINUTES
            if self.workers.is_chief and not whole and due:
                self._keep(float(np.mean(losses)))
                spent, began = float(self.minutes), time.monotonic()
        return float(np.mean(losses))

    def _keep(self, loss: float) -> None:
        last = self.curve[-1] if self.curve else {"epoch": -1.0, "minutes": 0.0}
        whole = self.epochs // CURVE_EPOCHS > last["epoch"] // CURVE_EPOCHS
        if whole or float(self.minutes) - last["minutes"] >= KEEP_MINUTES:
            self._extend_curve(loss)
        self.keep()

    def keep(self) -> None:
        """Write a checkpoint."""
        self._checkpoints.save()
        self._kept = float(self.minutes)

    def _learning_rate(self) -> float:
        """Linear warm-up, then half a cosine to 0 at the last epoch or minute, of each part."""
        warm = min(1.0, (self._progress + 1e-4) / WARMUP)
        peak = self.settings.learning_rate * (MIXTURES_RATE if self._has_turned else 1.0)
        return peak * warm * (0.5 + 0.5 * float(np.cos(np.pi * self._progress)))

    @property
    def _progress(self) -> float:
        """How much is done of the part under way: the mixtures, or what comes before them."""
        whole, turned = self._whole_progress, float(self.turned)
        if self._has_turned:
            return (whole - turned) / (1 - turned)
        return whole if self.mixtures is None else min(1.0, whole / (1 - MIXTURES_PART))

    @property
    def _whole_progress(self) -> float:
        """How much of the training is done, in [0, 1], by its epochs or its minutes."""
        return min(
            1.0,
            max(self.epochs / self.settings.epochs, float(self.minutes) / self.settings.minutes),
        )

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types.
    def _step(self, *batch: Any) -> Any:
        variables = self.network.trainable_variables
        halves = [
            self._gradients(*half)
            for half in zip(*(tf.split(part, HALVES) for part in batch), strict=True)
        ]
        own = [
            tf.add_n(parts) / HALVES for parts in zip(*(found for _, found in halves), strict=True)
        ]
        losses = tf.add_n([loss for loss, _ in halves]) / HALVES
        *gradients, loss = self.workers.mean([*own, losses])
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        # Early averages would hold the random start: the decay grows with the steps.
        self.steps.assign_add(1)
        count = tf.cast(self.steps, tf.float32)
        decay = tf.minimum(AVERAGE_DECAY, (1 + count) / (10 + count))
        for average, weights in zip(self.averages, variables, strict=True):
            average.assign(average * decay + weights * (1 - decay))
        return loss

    def _gradients(
        self, images: Any, targets: Any, embeddings: Any, known: Any
    ) -> tuple[Any, list[Any]]:
        """Each class is a question of its own; a known embedding is one more."""
        with tf.GradientTape() as tape:
            found = self.network(images, training=True)
            logits, heard = found if isinstance(found, list | tuple) else (found, None)
            each = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
            loss = tf.reduce_mean(tf.reduce_sum(each, axis=1))
            if heard is not None:
                error = tf.reduce_mean(tf.square(heard - embeddings), axis=1) * known
                loss += EMBEDDING_WEIGHT * tf.reduce_sum(error) / (tf.reduce_sum(known) + 1)
        return loss, tape.gradient(loss, self.network.trainable_variables)

    def _extend_curve(self, loss: float) -> None:
        with self.averaged():
            score = calibrate.quick_score(self.network, self.dataset, self.images)
        self.curve.append(
            {"epoch": self.epochs, "minutes": float(self.minutes), "loss": loss, **score}
        )
        self._curve.write_text(json.dumps(self.curve, indent=1) + "\n", "utf-8")
        # The form of a CloudWatch metric definition (training/launch.py).
        text = f"epoch={self.epochs:g} loss={loss:.4f} calibration_top1={score['top1']:.4f}"
        print(text, flush=True)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the averaged weights into the network meanwhile."""
        weights = [variable.numpy() for variable in self.network.weights]
        self.use_averages()
        yield
        for variable, value in zip(self.network.weights, weights, strict=True):
            variable.assign(value)

    def use_averages(self) -> None:
        """Put the averaged weights into the network (Polyak): they generalise better."""
        for variable, average in zip(self.network.trainable_variables, self.averages, strict=True):
            variable.assign(average)
        if self._has_turned:
            for variable, before in zip(self.network.weights, self.before, strict=True):
                variable.assign((variable + before) / 2)


def _tensors(batch: batches.Batch) -> list[Any]:
    parts = (batch.images, batch.targets, batch.embeddings, batch.known)
    return [tf.cast(part, tf.float32) for part in parts]
