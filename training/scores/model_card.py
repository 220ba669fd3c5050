"""Finish a model folder: manifest.csv, the evaluation on the held-back part, and MODEL_CARD.md."""

import argparse
import csv
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from training import evaluate
from training.data.dataset import SUMMARY
from training.data.folds import read_table
from training.scores import card_data, plots
from training.scores.card_text import BIRDS, CARD, FEW, MEASURED, PROMISES, SCORES, SERVED
from training.scores.mixture_jobs import PAIRS

MANIFEST, EVALUATION = "manifest.csv", "evaluation.json"
COLUMNS = (
    *("recording_id", "part", "primary_label", "scientific_name", "recordist", "license"),
    *("xc_id", "source", "latitude", "longitude", "teacher"),
)
# Below so many recordings, an interval is wider than most differences between models.
FEW_RECORDINGS = 100


def write_manifest(dataset: Path, model: Path, changes: Mapping[str, str]) -> None:
    """Copy what the card must name of every recording from the dataset into the model folder.

    `changes` replaces columns of all: the part, where a model learnt from every recording.
    """
    taught = {"teacher": read(dataset / SUMMARY).get("listener", {}).get("teacher", "")}
    rows = [
        {**row, **taught, **changes}
        for row in read_table(dataset / "recordings.csv")
        if row["part"]
    ]
    with (model / MANIFEST).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)


def card(model: Path, dataset: Path, report: Path | None = None) -> str:
    """Return the card's text, all of it from the model's own files and the dataset it learnt from.

    `report` is the folder of the report's network, trained on the same, where it is there.
    """
    constants, training, evaluation = (
        read(model / name) for name in ("constants.json", "training.json", EVALUATION)
    )
    rows, data = read_table(model / MANIFEST), read(dataset / "dataset.json")
    other = read(report / EVALUATION) if report else None
    calibration, entries = evaluation["calibration"], evaluation["birds"]["calibration_of_entries"]
    return CARD.format(
        **card_data.describe(rows, data),
        version=constants["settings"]["version"],
        species=len(constants["labels"]),
        architecture=f"It has {training['parameters']:,} parameters.",
        served=SERVED if model.resolve() == evaluate.MODEL.resolve() else "",
        few=_few(evaluation["listed"]["top1"]["n"], len(constants["labels"])),
        measured=MEASURED[evaluation["command"]],
        scores="\n".join(_scores(evaluation, other)),
        minutes=training["minutes"],
        how=training.get("how", ""),
        learning="`learning.png` shows how they learnt.\n" if training["curve"] else "",
        windows_seen=training["windows_seen"],
        report_training=_report_training(report),
        promises="\n".join(
            f"| {title} | {value(evaluation['verdicts'][name])} |"
            for name, title in PROMISES.items()
        ),
        birds="\n".join(_birds(evaluation)),
        sources="\n".join(_sources(evaluation)),
        entry_error=value(entries),
        entry_perfect=entries["perfect_95"],
        window_error=value(calibration["windows"]),
        recording_error=value(calibration["recordings"]),
        perfect=calibration["perfect_recordings_95"],
        worst="\n".join(_species(row) for row in evaluation["species"]),
    )


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def _few(count: int, species: int) -> str:
    return FEW.format(count=count, species=species) if count < FEW_RECORDINGS else ""


def _scores(evaluation: Mapping[str, Any], other: Mapping[str, Any] | None) -> Iterator[str]:
    """The rows of a table, with a column for the report's network where it was scored."""
    titles = ["", "this model", *(["the report's CNN, same data"] if other else []), "chance"]
    yield _row(titles)
    yield _row(["---"] * len(titles))
    for name, title in SCORES.items():
        chance = _percent(evaluation["listed"]["chance"]) if name == "top1" else ""
        found = [value(each["listed"][name]) for each in (evaluation, other) if each]
        yield _row([title, *found, chance])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _birds(evaluation: Mapping[str, Any]) -> Iterator[str]:
    for kind, titles in BIRDS.items():
        for name, title in titles.items():
            yield f"| {title} | {value(evaluation[kind][name])} |"


def _sources(evaluation: Mapping[str, Any]) -> Iterator[str]:
    yield from (_source(*each) for each in evaluation["sources"].items())
    if evaluation.get("phones"):
        yield _source("all, copied as phones leave them", evaluation["phones"])


def _source(name: str, scores: Mapping[str, Any]) -> str:
    columns = ("top1", "top3", "bird_said", "right_when_bird_said")
    return _row([name, *(value(scores[column]) for column in columns)])


def value(score: Mapping[str, Any]) -> str:
    """Return a score with its 95 % interval and n."""
    if score["value"] is None:
        return "none to measure on"
    low, high = _percent(score["low"]), _percent(score["high"])
    return f"{_percent(score['value'])} ({low} to {high}, n = {score['n']})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _species(row: Mapping[str, Any]) -> str:
    hits = row["top1"]
    taken_for = ", ".join(row["taken_for"])
    right = _percent(hits["value"] or 0)
    return f"| {row['scientific_name']} | {right} | {hits['n']} | {taken_for} |"


def _report_training(report: Path | None) -> str:
    if not report:
        return ""
    training = read(report / "training.json")
    command = (
        "train.py --architecture {architecture} --epochs {epochs} --minutes {minutes:g}".format(
            **training["settings"]
        )
    )
    minutes, windows = training["minutes"], training["windows_seen"]
    return f";\nthe report's CNN (`{command}`) for {minutes:.0f} minutes, and saw {windows:,}"


def _write_notice(model: Path) -> None:
    path = model / "NOTICE"
    path.unlink(missing_ok=True)
    if taught := card_data.teacher(read_table(model / MANIFEST)):
        path.write_text(card_data.notice(taught), "utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.scores.model_card", description=__doc__
    )
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--report", type=Path, help="model folder of the report's network, to stand beside"
    )
    parser.add_argument("--pairs", type=int, default=PAIRS, help="as that of training.evaluate")
    parser.add_argument(
        "--cross-validation",
        type=Path,
        help="of a model that learnt from every recording: the folder of its folds' scores",
    )
    options = parser.parse_args(argv)
    everything = {"part": "train"} if options.cross_validation else {}
    write_manifest(options.dataset, options.model, everything)
    if options.cross_validation:
        for name in (EVALUATION, *evaluate.PICTURES):
            shutil.copyfile(options.cross_validation / name, options.model / name)
    else:
        names = ("--recordings", "--model", "--output", "--pairs")
        values = (options.recordings, options.model, options.model, options.pairs)
        named = zip(names, map(str, values), strict=True)
        if code := evaluate.main([*(word for pair in named for word in pair), "--phones"]):
            return code
    _write_notice(options.model)
    curves = {"this model": read(options.model / "training.json")["curve"]}
    if options.report:
        curves["the report's CNN"] = read(options.report / "training.json")["curve"]
    picture = options.model / "learning.png"
    picture.unlink(missing_ok=True)
    if any(curves.values()):
        plots.learning(picture, curves)
    (options.model / "MODEL_CARD.md").write_text(
        card(options.model, options.dataset, options.report), "utf-8"
    )
    print(f"written: {options.model / 'MODEL_CARD.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
