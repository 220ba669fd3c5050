"""`make cross-validate`: each recording is scored by a network that did not learn from its fold.

Folds are of recordists and sources. Each is held back in two halves: what is said is calibrated on
one and scored on the other, and the other way round, from one training. Goes on where it was
stopped. Writes the scores of all recordings (evaluation.json, pictures), and predictions/, by
which `make train ARGS="--out-of-fold DIR"` calibrates a model that learns from every recording.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training import evaluate, pipeline, prepare
from training.data import options as prepare_options
from training.data.dataset import RECORDING_TABLE, SUMMARY, write_text
from training.data.folds import halves_of, read_table, write_fold
from training.data.metadata import to_recording
from training.evaluate import Scored
from training.jobs.source_folder import ENTRY_SCRIPT, SIGNAL_PATH, SOURCE_DIR
from training.scores import mixture_jobs
from training.scores.labelled import source_of
from training.scores.metrics import Result
from training.scores.mixture_scores import Answer

FOLDS = 5
HALVES = ("calibration", "test")
SETTINGS, PREDICTIONS = "settings.json", "predictions"
# Made once by the first fold, the same in all (source_dir/learning.py).
IMAGES = "images.npy"


@dataclass(frozen=True)
class Half:
    """A half of a fold, to be scored: where its dataset, model and results are."""

    output: Path
    fold: int
    tested: int

    @property
    def root(self) -> Path:
        """The folder of the fold, which both halves share."""
        return self.output / f"fold-{self.fold}"

    @property
    def model(self) -> Path:
        """The model that is calibrated on the other half."""
        return self.root / f"model-{self.tested}"

    @property
    def results(self) -> Path:
        """What it scored: it is done where this exists."""
        return self.root / f"results-{self.tested}.json"

    @property
    def predictions(self) -> Path:
        """What the network made of the other half."""
        return self.output / PREDICTIONS / f"{self.fold}-{self.tested}.npz"


def parts_of(places: dict[str, tuple[int, int]], half: Half) -> dict[str, str]:
    """Return the part of each recording when one half of a fold is scored."""
    return {
        name: "train" if own != half.fold else HALVES[int(part == half.tested)]
        for name, (own, part) in places.items()
    }


def train(half: Half, arguments: Sequence[str]) -> None:
    """Train, or calibrate anew where all is learnt. Raises CalledProcessError."""
    folders = {
        "--data": half.root / "dataset",
        "--model-dir": half.model,
        "--checkpoint-dir": half.root / "checkpoints",
        "--predictions": half.predictions,
    }
    program = str(SOURCE_DIR / ENTRY_SCRIPT)
    command = [sys.executable, program, *pipeline.words(folders), *arguments]
    paths = os.environ | {"PYTHONPATH": str(SIGNAL_PATH.parent)}
    subprocess.run(command, env=paths, check=True)


def score_half(
    options: argparse.Namespace, places: dict[str, tuple[int, int]], half: Half
) -> Scored:
    """Return the scores of a half of a fold, by a network that did not learn from the fold."""
    if half.results.exists():
        return _read(half.results)
    parts = parts_of(places, half)
    write_fold(options.dataset, half.root / "dataset", parts)
    _share_images(options.output, half.root)
    train(half, options.training)
    rows = [
        row
        for row in read_table(options.dataset / RECORDING_TABLE)
        if parts.get(row["recording_id"]) == "test"
    ]
    names = {row["recording_id"]: row["scientific_name"] or row["primary_label"] for row in rows}
    folder, labels = Path(options.recordings), _labels(half)
    asked = argparse.Namespace(
        model=half.model, processes=options.processes, pairs=options.pairs // (2 * options.folds)
    )
    scored = evaluate.score(
        [(folder / name, label) for name, label in names.items()],
        asked,
        labels=labels,
        sources={folder / row["recording_id"]: source_of(to_recording(row)) for row in rows},
    )
    write_text(half.results, json.dumps(asdict(scored), ensure_ascii=False))
    return scored


def _share_images(output: Path, root: Path) -> None:
    """Link the pictures of all windows that another fold has made."""
    for made in output.glob(f"fold-*/checkpoints/*/{IMAGES}"):
        link = root / "checkpoints" / made.parent.name / IMAGES
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(made.resolve())


def _labels(half: Half) -> list[str]:
    labels: list[str] = json.loads((half.model / "constants.json").read_text("utf-8"))["labels"]
    return labels


def _read(path: Path) -> Scored:
    kept = json.loads(path.read_text("utf-8"))
    results = [Result(**_pairs(one)) for one in kept["results"]]
    answers = [Answer(**_pairs(one)) for one in kept["mixtures"]]
    return Scored(results, answers, kept["problems"])


def _pairs(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields whose lists of lists are lists of tuples, as they were before JSON."""
    return {
        name: [tuple(one) for one in value] if isinstance(value, list) else value
        for name, value in fields.items()
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train and score the folds asked for; return the scores of all recordings together."""
    places = halves_of(read_table(options.dataset / RECORDING_TABLE), options.folds)
    folds = range(options.folds) if options.only is None else options.only
    halves = [Half(options.output, fold, tested) for fold in folds for tested in (0, 1)]
    parts = [score_half(options, places, half) for half in halves]
    scored = Scored(
        [one for part in parts for one in part.results],
        [one for part in parts for one in part.mixtures],
        [one for part in parts for one in part.problems],
    )
    labels = _labels(halves[0])
    facts = {"command": "make cross-validate", "folds": list(folds), "problems": scored.problems}
    summary = {**facts, **evaluate.summarise(scored, labels)}
    evaluate.write(options.output, scored.results, summary, labels)
    return summary


def _keep_settings(options: argparse.Namespace) -> None:
    """Raise ValueError where the output holds a cross-validation of other data or settings."""
    made = {
        "dataset": json.loads((options.dataset / SUMMARY).read_text("utf-8"))["fingerprint"],
        "folds": options.folds,
        "training": options.training,
    }
    path = options.output / SETTINGS
    options.output.mkdir(parents=True, exist_ok=True)
    if path.exists() and json.loads(path.read_text("utf-8")) != made:
        raise ValueError(
            f"{options.output} holds folds of other data or settings; delete it, or name another"
            " folder with --output"
        )
    write_text(path, json.dumps(made))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status. What it does not know goes to training.prepare."""
    options, rest = _parser().parse_known_args(argv)
    if not options.recordings:
        print(f"cross-validate: {pipeline.MISSING}", file=sys.stderr)
        return 1
    folders = {"--recordings": options.recordings, "--output": options.dataset}
    words = [*rest, *pipeline.words(folders)]
    prepared = prepare_options.parser(__doc__).parse_args(words)
    if code := prepare.main(words):
        return code
    if prepared.dry_run:
        return 0
    options.training = [*pipeline.given(options), "--seed", str(prepared.seed)]
    options.processes = prepared.processes
    try:
        _keep_settings(options)
        scores = run(options)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"cross-validate: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cross-validate: stopped; run it again to go on", file=sys.stderr)
        return prepare.STOPPED
    print(json.dumps({name: scores[name] for name in evaluate.SHOWN}, indent=1))
    print(f"written to {options.output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make cross-validate", description=__doc__, add_help=False, allow_abbrev=False
    )
    parser.add_argument("--recordings", default="")
    parser.add_argument("--dataset", type=Path, default=Path("build/dataset"))
    parser.add_argument("--output", type=Path, default=Path("build/cross-validation"))
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument(
        "--only", type=int, nargs="+", help="folds (from 0), to share them among machines"
    )
    parser.add_argument("--pairs", type=int, default=mixture_jobs.PAIRS)
    pipeline.add_settings(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
