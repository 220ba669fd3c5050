"""`make cross-validate`: each recording is scored by a network that did not learn from its fold.

Folds are of recordists and sources. First a network is trained for each, and says what it makes of
its fold; then each is calibrated by what the others made of theirs, and scored. Goes on where it
was stopped. Writes the scores of all recordings (evaluation.json, pictures), and predictions/, by
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
from training.data.folds import assign_folds, read_table, write_fold
from training.data.metadata import to_recording
from training.evaluate import Scored
from training.jobs.source_folder import ENTRY_SCRIPT, SIGNAL_PATH, SOURCE_DIR
from training.scores import mixture_jobs
from training.scores.labelled import source_of
from training.scores.metrics import Result
from training.scores.mixture_scores import Answer

FOLDS = 5
SETTINGS, PREDICTIONS = "settings.json", "predictions"
# Made once by the first fold, the same in all (source_dir/learning.py).
IMAGES = "images.npy"


@dataclass(frozen=True)
class Fold:
    """Where a fold's dataset, model and results are."""

    output: Path
    number: int

    @property
    def root(self) -> Path:
        """The folder of the fold."""
        return self.output / f"fold-{self.number}"

    @property
    def dataset(self) -> Path:
        """The dataset in which this fold is held back."""
        return self.root / "dataset"

    @property
    def model(self) -> Path:
        """The model that learnt from the other folds."""
        return self.root / "model"

    @property
    def others(self) -> Path:
        """Links to what the other folds' networks made of theirs."""
        return self.root / "others"

    @property
    def results(self) -> Path:
        """What it scored: it is done where this exists."""
        return self.root / "results.json"

    @property
    def predictions(self) -> Path:
        """What its network made of the fold: it is trained where this exists."""
        return self.output / PREDICTIONS / f"{self.number}.npz"


def train(fold: Fold, arguments: Sequence[str]) -> None:
    """Train, or calibrate anew where all is learnt. Raises CalledProcessError."""
    folders = {
        "--data": fold.dataset,
        "--model-dir": fold.model,
        "--checkpoint-dir": fold.root / "checkpoints",
    }
    program = str(SOURCE_DIR / ENTRY_SCRIPT)
    command = [sys.executable, program, *pipeline.words(folders), *arguments]
    paths = os.environ | {"PYTHONPATH": str(SIGNAL_PATH.parent)}
    subprocess.run(command, env=paths, check=True)


def places_of(dataset: Path, folds: int) -> dict[str, int]:
    """Return the fold of each recording that is used."""
    used = [row for row in read_table(dataset / RECORDING_TABLE) if row["part"]]
    groups = [int(row["group"]) for row in used]
    own = assign_folds([row["primary_label"] for row in used], groups, folds=folds)
    return {row["recording_id"]: fold for row, fold in zip(used, own, strict=True)}


def write(dataset: Path, places: dict[str, int], fold: Fold) -> None:
    """Write the dataset in which a fold is held back, with the pictures that another has made."""
    parts = {name: "calibration" if own == fold.number else "train" for name, own in places.items()}
    write_fold(dataset, fold.dataset, parts)
    _share_images(fold.output, fold.root)


def hold_back(options: argparse.Namespace, places: dict[str, int], fold: Fold) -> None:
    """Train without a fold, and keep what the network makes of it."""
    if fold.predictions.exists():
        return
    write(options.dataset, places, fold)
    train(fold, [*options.training, "--predictions", str(fold.predictions)])


def score(options: argparse.Namespace, fold: Fold, rest: Sequence[Fold]) -> Scored:
    """Return the scores of a fold by the network that did not learn from it.

    It is calibrated by what the `rest` made of theirs.
    """
    if fold.results.exists():
        kept = _read(fold.results)
        if kept.phones or not options.phones:
            return kept
    fold.others.mkdir(exist_ok=True)
    for other in rest:
        link = fold.others / other.predictions.name
        link.unlink(missing_ok=True)
        link.symlink_to(other.predictions.resolve())
    train(fold, [*options.training, "--out-of-fold", str(fold.others)])
    rows = read_table(fold.dataset / RECORDING_TABLE)
    rows = [row for row in rows if row["part"] == "calibration"]
    names = {row["recording_id"]: row["scientific_name"] or row["primary_label"] for row in rows}
    folder, labels = Path(options.recordings), _labels(fold)
    asked = argparse.Namespace(
        model=fold.model,
        processes=options.processes,
        pairs=options.pairs // options.folds,
        phones=options.phones,
    )
    scored = evaluate.score(
        [(folder / name, label) for name, label in names.items()],
        asked,
        labels=labels,
        sources={folder / row["recording_id"]: source_of(to_recording(row)) for row in rows},
    )
    write_text(fold.results, json.dumps(asdict(scored), ensure_ascii=False))
    return scored


def _share_images(output: Path, root: Path) -> None:
    """Link the pictures of all windows that another fold has made."""
    for made in output.glob(f"fold-*/checkpoints/*/{IMAGES}"):
        link = root / "checkpoints" / made.parent.name / IMAGES
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(made.resolve())


def _labels(fold: Fold) -> list[str]:
    labels: list[str] = json.loads((fold.model / "constants.json").read_text("utf-8"))["labels"]
    return labels


def _read(path: Path) -> Scored:
    kept = json.loads(path.read_text("utf-8"))
    results = [Result(**_pairs(one)) for one in kept["results"]]
    answers = [Answer(**_pairs(one)) for one in kept["mixtures"]]
    phones = [Result(**_pairs(one)) for one in kept.get("phones", [])]
    return Scored(results, answers, kept["problems"], phones)


def _pairs(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields whose lists of lists are lists of tuples, as they were before JSON."""
    return {
        name: [tuple(one) for one in value] if isinstance(value, list) else value
        for name, value in fields.items()
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train the folds asked for; return the scores of all recordings once all folds are trained.

    Raises ValueError while some are not.
    """
    places = places_of(options.dataset, options.folds)
    folds = [Fold(options.output, number) for number in range(options.folds)]
    for number in range(options.folds) if options.only is None else options.only:
        hold_back(options, places, folds[number])
    missing = [str(fold.number) for fold in folds if not fold.predictions.exists()]
    if missing:
        raise ValueError(
            f"folds {', '.join(missing)} are to be trained before any is scored; what other"
            f" machines trained belongs into {options.output}"
        )
    parts = [score(options, fold, [one for one in folds if one != fold]) for fold in folds]
    scored = Scored(
        [one for part in parts for one in part.results],
        [one for part in parts for one in part.mixtures],
        [one for part in parts for one in part.problems],
        [one for part in parts for one in part.phones],
    )
    listed = _labels(folds[0])
    facts = {"command": "make cross-validate", "folds": options.folds, "problems": scored.problems}
    summary = {**facts, **evaluate.summarise(scored, listed)}
    evaluate.write(options.output, scored.results, summary, listed)
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
    parser.add_argument("--phones", action="store_true", help="as that of training.evaluate")
    pipeline.add_settings(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
