"""Train a network on a prepared dataset, calibrate it, and export it: the script that runs in the SageMaker container.

One story: read the data, learn epoch by epoch (with checkpoints, from which a stopped training goes on), take the
averaged weights, learn temperature and thresholds on the calibration part, and write the model folder.
Several machines share each batch (multi_worker.py); the first of them does what is done once.
"""

import os

# oneDNN's kernels, which TensorFlow leaves off without AVX-512: a step takes a sixth less processor time. Read when
# TensorFlow is loaded.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import argparse
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import calibrate
import export
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
# The network is scored, and a point of its learning curve drawn, after so many epochs, or sooner in long ones.
CURVE_EPOCHS = 2
# An epoch of a large archive, or of a slow network, takes long: no more minutes than these are lost when it is stopped.
KEEP_MINUTES = 5.0
# A batch is learnt in halves that are computed side by side, one thread each: two threads in one half wait for each
# other, and cost a third more (27 ms of processor time a window in place of 19, measured in turn).
HALVES = 2
# Windows sound as from other recorders for this part of the training; the rest hears them as they are.
STRANGE_SHARE = 0.78
TINY_MINUTES = 0.001


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
    """The state that a checkpoint holds: network, optimizer, averages, epochs and batches done, minutes spent."""

    def __init__(
        self,
        dataset: sampler.Dataset,
        settings: Settings,
        folder: Path,
        workers: multi_worker.Workers,
    ) -> None:
        keras.utils.set_random_seed(settings.seed + workers.index)
        self.dataset, self.settings, self.workers = dataset, settings, workers
        self.batch_size = workers.count * workers.share(settings.batch_size, parts=HALVES)
        self.network = model.build(settings.architecture, len(dataset.classes))
        self.optimizer = optimizer.Muon()
        self.optimizer.build(self.network.trainable_variables)
        self.averages = [tf.Variable(weights) for weights in self.network.trainable_variables]
        self.sampler = sampler.Sampler(dataset, settings.seed)
        self.batches = max(1, self.sampler.windows // self.batch_size)
        self.epoch, self.batch, self.steps, self.minutes = (
            *(tf.Variable(0) for _ in range(3)),
            tf.Variable(0.0),
        )
        state = tf.train.Checkpoint(
            network=self.network,
            optimizer=self.optimizer,
            averages=self.averages,
            epoch=self.epoch,
            batch=self.batch,
            steps=self.steps,
            minutes=self.minutes,
        )
        self._checkpoints = tf.train.CheckpointManager(state, str(folder), max_to_keep=2)
        self._curve = folder / "curve.json"
        self.curve: list[dict[str, float]] = []
        if workers.is_chief and self._checkpoints.restore_or_initialize():
            print(f"going on after epoch {self.epochs:g}, {float(self.minutes):.1f} minutes")
            self.curve = json.loads(self._curve.read_text("utf-8")) if self._curve.exists() else []
        counters = [self.epoch, self.batch, self.steps, self.minutes]
        workers.follow_chief(
            [*self.network.weights, *self.optimizer.variables, *self.averages, *counters]
        )
        self._kept = float(self.minutes)

    @property
    def epochs(self) -> float:
        """The epochs done, with the part of the one under way."""
        return round(int(self.epoch) + int(self.batch) / self.batches, 2)

    def run(self) -> None:
        """Learn until the epochs or the minutes are spent. Ctrl-C loses what came after the last checkpoint."""
        while (
            int(self.epoch) < self.settings.epochs and float(self.minutes) < self.settings.minutes
        ):
            loss = self._run_epoch()
            if int(self.batch) == self.batches:
                self.epoch.assign_add(1)
                self.batch.assign(0)
            self.workers.average(self.network.non_trainable_weights)
            if self.workers.is_chief:
                self._keep(loss)
        self.workers.refuse_drift(self.network.weights)

    def _run_epoch(self) -> float:
        share, first = self.batch_size // self.workers.count, int(self.batch)
        losses: list[float] = []
        spent, began = float(self.minutes), time.monotonic()
        places = self.workers.places(self.batches)[first:]
        feed = sampler.ahead(self.sampler.batches(int(self.epoch), share, places))
        name = f"epoch {int(self.epoch) + 1}"
        with tqdm(
            feed, total=self.batches, initial=first, desc=name, unit="batch", mininterval=5
        ) as bar:
            for images, targets in bar:
                self.optimizer.learning_rate.assign(self._learning_rate())
                if self._progress >= STRANGE_SHARE:
                    self._hear_own_recorder()
                losses.append(float(self._step(tf.cast(images, tf.float32), targets)))
                self.batch.assign_add(1)
                self.minutes.assign(spent + (time.monotonic() - began) / 60)
                # One clock decides how fast to learn and when to stop, or the machines would part.
                self.workers.follow_chief([self.minutes])
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", refresh=False)
                if float(self.minutes) >= self.settings.minutes:
                    break
                whole = (
                    int(self.batch) == self.batches
                )  # Kept by run(), as the start of the next epoch.
                if (
                    self.workers.is_chief
                    and not whole
                    and float(self.minutes) - self._kept >= KEEP_MINUTES
                ):
                    self._keep(float(np.mean(losses)))
                    spent, began = float(self.minutes), time.monotonic()
        return float(np.mean(losses))

    def _keep(self, loss: float) -> None:
        last = self.curve[-1] if self.curve else {"epoch": -1.0, "minutes": 0.0}
        whole = self.epochs // CURVE_EPOCHS > last["epoch"] // CURVE_EPOCHS
        if whole or float(self.minutes) - last["minutes"] >= KEEP_MINUTES:
            self._extend_curve(loss)
        self._checkpoints.save()
        self._kept = float(self.minutes)

    def _learning_rate(self) -> float:
        """Linear warm-up, then half a cosine to 0 at the last epoch or minute, whichever is nearer."""
        warm = min(1.0, (self._progress + 1e-4) / WARMUP)
        return (
            self.settings.learning_rate * warm * (0.5 + 0.5 * float(np.cos(np.pi * self._progress)))
        )

    @property
    def _progress(self) -> float:
        """How much of the training is done, in [0, 1], by its epochs or its minutes."""
        return min(
            1.0,
            max(self.epochs / self.settings.epochs, float(self.minutes) / self.settings.minutes),
        )

    def _hear_own_recorder(self) -> None:
        for layer in self.network.layers:
            if isinstance(layer, model.Perturb):
                layer.recorder.assign(0.0)

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types.
    def _step(self, images: Any, targets: Any) -> Any:
        variables = self.network.trainable_variables
        halves = [
            self._gradients(*half)
            for half in zip(tf.split(images, HALVES), tf.split(targets, HALVES), strict=True)
        ]
        own = [
            tf.add_n(parts) / HALVES for parts in zip(*(found for _, found in halves), strict=True)
        ]
        *gradients, loss = self.workers.mean(
            [*own, tf.add_n([loss for loss, _ in halves]) / HALVES]
        )
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        # Early averages would hold the random start: the decay grows with the steps.
        self.steps.assign_add(1)
        count = tf.cast(self.steps, tf.float32)
        decay = tf.minimum(AVERAGE_DECAY, (1 + count) / (10 + count))
        for average, weights in zip(self.averages, variables, strict=True):
            average.assign(average * decay + weights * (1 - decay))
        return loss

    def _gradients(self, images: Any, targets: Any) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            logits = self.network(images, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        return loss, tape.gradient(loss, self.network.trainable_variables)

    def _extend_curve(self, loss: float) -> None:
        weights = [variable.numpy() for variable in self.network.trainable_variables]
        self.use_averages()
        score = calibrate.quick_score(self.network, self.dataset, "calibration")
        for variable, value in zip(self.network.trainable_variables, weights, strict=True):
            variable.assign(value)
        self.curve.append(
            {"epoch": self.epochs, "minutes": float(self.minutes), "loss": loss, **score}
        )
        self._curve.write_text(json.dumps(self.curve, indent=1) + "\n", "utf-8")
        # The form of a CloudWatch metric definition (training/launch.py).
        print(
            f"epoch={self.epochs:g} loss={loss:.4f} calibration_top1={score['top1']:.4f}",
            flush=True,
        )

    def use_averages(self) -> None:
        """Put the averaged weights into the network (Polyak averaging): they generalise better than the last ones."""
        for variable, average in zip(self.network.trainable_variables, self.averages, strict=True):
            variable.assign(average)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line; SageMaker's SM_* variables are the defaults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("SM_CHANNEL_TRAINING"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--checkpoint-dir", type=Path, default=Path("/opt/ml/checkpoints"))
    parser.add_argument("--architecture", choices=model.ARCHITECTURES, default="default")
    parser.add_argument("--epochs", type=int, default=92)
    parser.add_argument("--minutes", type=float, default=82.0, help="the most that it may take")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=1.6e-2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--version",
        default=time.strftime("%Y-%m-%d"),
        help="the model's version, as the API says it",
    )
    parser.add_argument(
        "--tiny", action="store_true", help="one epoch of one batch: proves that all parts fit"
    )
    options, _ = parser.parse_known_args(argv)
    if options.data is None or options.model_dir is None:
        parser.error("--data and --model-dir are needed outside SageMaker")
    return options


def checkpoints(folder: Path, settings: Settings, data: Path) -> Path:
    """Make the folder of this training's checkpoints: another dataset, network or seed never goes on from them.

    More epochs or minutes do.
    """
    parts = [settings.architecture, settings.seed, settings.batch_size, settings.learning_rate]
    digest = hashlib.sha256(
        json.dumps(parts).encode() + (data / "dataset.json").read_bytes()
    ).hexdigest()
    found = folder / f"{settings.architecture}-{digest[:12]}"
    found.mkdir(parents=True, exist_ok=True)
    return found


def main(argv: list[str] | None = None) -> None:
    """Train, calibrate, export."""
    options = arguments(argv)
    workers = multi_worker.Workers()
    dataset, folder = sampler.load(Path(options.data)), Path(options.model_dir)
    settings = _settings(options)
    points = checkpoints(options.checkpoint_dir, settings, Path(options.data))
    training = Training(dataset, settings, points, workers)
    training.run()
    training.use_averages()
    if workers.is_chief:
        calibration = calibrate.calibrate(training.network, dataset)
        export.export(
            training.network, dataset, calibration, folder=folder, version=options.version
        )
        _write_report(folder, training)
    # Till then the first machine may need the others: one that leaves early would look lost.
    workers.wait()


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        architecture=options.architecture,
        epochs=1 if options.tiny else options.epochs,
        minutes=TINY_MINUTES if options.tiny else options.minutes,
        seed=options.seed,
        batch_size=4 if options.tiny else options.batch_size,
        learning_rate=options.learning_rate,
    )


def _write_report(folder: Path, training: Training) -> None:
    report = {
        "epochs": training.epochs,
        "windows_seen": int(training.steps) * training.batch_size,
        "minutes": round(float(training.minutes), 1),
        "settings": asdict(training.settings),
        "machines": training.workers.count,
        "parameters": training.network.count_params(),
        "multiplications": model.multiplications(training.network),
        "curve": training.curve,
    }
    (folder / "training.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    tf.config.threading.set_inter_op_parallelism_threads(HALVES)
    tf.config.threading.set_intra_op_parallelism_threads(max(1, (os.cpu_count() or 1) // HALVES))
    main()
