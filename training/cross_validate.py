"""Train once a fold, and score each recording by the network that did not learn from it.

Each fold is held back in two halves: what is said is calibrated on one and scored on the other, and
the other way round, from one training. Can be stopped: what is done is kept. Writes the joint
scores of all recordings to cross_validation.json.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training import evaluate
from training.data.dataset import FILES, HEARD, RECORDING_TABLE, SUMMARY, WINDOW_TABLE, WINDOWS
from training.data.folds import assign_folds
from training.scores import metrics
from training.scores.metrics import Result

REPOSITORY = Path(__file__).parent.parent
FOLDS = 5
HALVES = ("calibration", "test")

Row = dict[str, str]


def read_table(path: Path) -> list[Row]:
    """Read a table of a dataset."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_fold(dataset: Path, output: Path, parts: dict[str, str]) -> None:
    """Write a dataset with other parts, named by recording, that shares its sounds."""
    output.mkdir(parents=True, exist_ok=True)
    for name in (WINDOWS, HEARD, SUMMARY):
        link = output / name
        link.unlink(missing_ok=True)
        if (dataset / name).exists():
            link.symlink_to((dataset / name).resolve())
    for name in (WINDOW_TABLE, RECORDING_TABLE):
        rows = read_table(dataset / name)
        with (output / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows({**row, "part": parts.get(row["recording_id"], "")} for row in rows)


def halves_of(rows: Sequence[Row], folds: int) -> dict[str, tuple[int, int]]:
    """Return the fold and the half in it of each recording that a dataset uses, by group."""
    used = [row for row in rows if row["part"]]
    groups = [int(row["group"]) for row in used]
    labels = [row["primary_label"] for row in used]
    found = assign_folds(labels, groups, folds=2 * folds)
    return {
        row["recording_id"]: (place // 2, place % 2) for row, place in zip(used, found, strict=True)
    }


def parts_of(places: dict[str, tuple[int, int]], fold: int, *, tested: int) -> dict[str, str]:
    """Return the part of each recording when one half of a fold is scored."""
    return {
        name: "train" if own != fold else HALVES[int(half == tested)]
        for name, (own, half) in places.items()
    }


def train(dataset: Path, model: Path, checkpoints: Path, arguments: Sequence[str]) -> None:
    """Train, or calibrate anew where all is learnt. Raises CalledProcessError."""
    program = str(REPOSITORY / "training" / "source_dir" / "train.py")
    folders = ["--data", str(dataset), "--model-dir", str(model)]
    command = [sys.executable, program, *folders, "--checkpoint-dir", str(checkpoints), *arguments]
    paths = os.environ | {"PYTHONPATH": str(REPOSITORY / "spectrogram_fn")}
    subprocess.run(command, env=paths, check=True)


def score_half(
    options: argparse.Namespace, places: dict[str, tuple[int, int]], fold: int, tested: int
) -> list[Result]:
    """Return the results of a half of a fold, by a network that did not learn from the fold."""
    root = options.output / f"fold-{fold}"
    parts = parts_of(places, fold, tested=tested)
    write_fold(options.dataset, root / "dataset", parts)
    model = root / f"model-{tested}"
    train(root / "dataset", model, root / "checkpoints", options.training)
    names = {name for name, part in parts.items() if part == "test"}
    rows = [
        row for row in read_table(options.dataset / RECORDING_TABLE) if row["recording_id"] in names
    ]
    pairs = [
        (options.recordings / row["recording_id"], row["scientific_name"] or row["primary_label"])
        for row in rows
    ]
    results, problems = evaluate.evaluate(pairs, model, processes=options.processes)
    print("\n".join(problems), file=sys.stderr)
    return results


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train and score all folds; return the scores of all recordings together."""
    places = halves_of(read_table(options.dataset / RECORDING_TABLE), options.folds)
    results: list[Result] = []
    for fold in range(options.folds):
        for tested in (0, 1):
            results += score_half(options, places, fold, tested)
    constants = json.loads((options.output / "fold-0/model-0/constants.json").read_text("utf-8"))
    return metrics.summarise(results, constants["labels"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status. What it does not know goes to train.py."""
    parser = argparse.ArgumentParser(prog="python -m training.cross_validate", description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, default=Path("build/dataset"))
    parser.add_argument("--output", type=Path, default=Path("build/cross-validation"))
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--processes", type=int, default=2)
    options, training = parser.parse_known_args(argv)
    options.training = training
    missing = [name for name in FILES if not (options.dataset / name).exists()]
    if missing:
        print(f"cross_validate: {options.dataset}: expected {', '.join(missing)}", file=sys.stderr)
        return 1
    scores = run(options)
    text = json.dumps(scores, indent=1)
    (options.output / "cross_validation.json").write_text(f"{text}\n", "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
