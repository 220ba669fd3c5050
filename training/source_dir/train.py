"""Train a network on a prepared dataset, calibrate and export it: runs in the SageMaker container.

One story: read the data, learn epoch by epoch (learning.py), at the end from mixtures that a
teacher has heard, if there are any (distillation.py), take the averaged weights, learn the last
layer once more (refit.py), curve and thresholds on the calibration part, write the model folder.
"""

import os

# oneDNN's kernels, which TensorFlow leaves off without AVX-512: a step takes a sixth less time.
# Read when TensorFlow is loaded.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import argparse
import hashlib
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import calibrate
import corpus
import export
import learning
import model
import multi_worker
import predictions
import refit
import tensorflow as tf

TINY_MINUTES = 0.001
# A shell's exit status of a program that Ctrl-C ended.
STOPPED = 130


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
        "--predictions", type=Path, help=".npz that gets what calibration was learnt from"
    )
    parser.add_argument(
        "--out-of-fold", type=Path, help="folder of predictions of folds: calibrate by these"
    )
    parser.add_argument(
        "--everything", action="store_true", help="learn from every part; needs --out-of-fold"
    )
    parser.add_argument(
        "--tiny", action="store_true", help="one epoch of one batch: proves that all parts fit"
    )
    options, _ = parser.parse_known_args(argv)
    if options.data is None or options.model_dir is None:
        parser.error("--data and --model-dir are needed outside SageMaker")
    if options.everything and not options.out_of_fold:
        parser.error("--everything leaves nothing to calibrate on: it needs --out-of-fold")
    return options


def checkpoints(folder: Path, settings: learning.Settings, data: Path) -> Path:
    """Make the folder of this training's checkpoints: of this dataset, network and seed alone.

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
    dataset, folder = corpus.load(Path(options.data)), Path(options.model_dir)
    if options.out_of_fold:
        made = predictions.read(options.out_of_fold, dataset)
    if options.everything:
        dataset = corpus.learn_from_all(dataset)
    settings = settings_of(options)
    share = "all" if options.everything else ""
    points = checkpoints(options.checkpoint_dir / share, settings, Path(options.data))
    training = learning.Training(dataset, settings, points, workers)
    training.run()
    training.use_averages()
    if workers.is_chief:
        refit.refit(training.network, training.sampler, training.images, options.seed)
        if not options.out_of_fold:
            view = model.view(settings.architecture)
            made = calibrate.hear(training.network, dataset, training.images, view)
        if options.predictions:
            predictions.write(options.predictions, made, dataset)
        calibration = calibrate.calibrate(dataset, made)
        export.export(
            training.network, dataset, calibration, folder=folder, version=options.version
        )
        _write_report(folder, training)
    # Till then the first machine may need the others: one that leaves early would look lost.
    workers.wait()


def settings_of(options: argparse.Namespace) -> learning.Settings:
    """Return what the command line says about the training."""
    return learning.Settings(
        architecture=options.architecture,
        epochs=1 if options.tiny else options.epochs,
        minutes=TINY_MINUTES if options.tiny else options.minutes,
        seed=options.seed,
        batch_size=4 if options.tiny else options.batch_size,
        learning_rate=options.learning_rate,
    )


def _write_report(folder: Path, training: learning.Training) -> None:
    network = model.served(training.network, len(training.dataset.listed))
    report = {
        "epochs": training.epochs,
        "windows_seen": int(training.steps) * training.batch_size,
        "minutes": round(float(training.minutes), 1),
        "settings": asdict(training.settings),
        "machines": training.workers.count,
        "parameters": network.count_params(),
        "multiplications": model.multiplications(network),
        "curve": training.curve,
    }
    (folder / "training.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    tf.config.threading.set_inter_op_parallelism_threads(learning.HALVES)
    threads = max(1, (os.cpu_count() or 1) // learning.HALVES)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f"train: {error}")
    except KeyboardInterrupt:
        sys.exit(STOPPED)
