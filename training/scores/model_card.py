"""Finish a model folder: manifest.csv, the evaluation on the held-back part, and MODEL_CARD.md."""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training import evaluate
from training.scores import card_data, plots

MANIFEST = "manifest.csv"
COLUMNS = (
    *("recording_id", "part", "primary_label", "scientific_name", "recordist", "license"),
    *("xc_id", "source", "latitude", "longitude"),
)
WORST = 8

CARD = """# Model card: {version}

A small network that names {species} bird species from five seconds of sound{place}. {architecture}
{served}
## What it learnt from

{recordings} recordings ({length}) of {all_species} species{no_bird}{origin}.
The {species} listed species have at least {minimum} recordings each{others}.
`manifest.csv` names every recording with its recordist, its licence and its part.

| part | recordings | of listed species | used for |
| --- | --- | --- | --- |
{parts}

{split}

## Licence

{licence}

## Scores on the held-back part
{few}
Measured with `make evaluate`, through the code that serves; 95 % intervals in brackets.

| | this model | the report's CNN, same data | chance |
| --- | --- | --- | --- |
{scores}

It was trained for {minutes:.0f} minutes and saw {windows_seen:,} windows{report_training}.
`learning.png` shows how they learnt.

| promise | held-back part |
| --- | --- |
{promises}

Expected calibration error (10 bins of equal mass): {window_error} on windows, {recording_error} on
recordings; a perfectly calibrated model stays below {perfect} on so few recordings 95 times in 100.

Worst species first (`evaluation.json` has all, `species.png` shows them):

| species | named right | n | taken for |
| --- | --- | --- | --- |
{worst}

![Share named right, by species](species.png)

![Reliability](reliability.png)

## What it must not be used for

- To prove that a species was or was not there: it hears only {species} species, and many others
  sound alike.
- For counts, surveys or decisions about land, hunting or protection without a person who checks by
  ear.
- On recordings from {elsewhere}, of bats, insects or frogs, or under water.
{commercially}
The held-back recordings are few for most species: read the intervals, not the values.
Recordings that people chose are clearer than most: a phone in the wind will do worse.
"""


def write_manifest(dataset: Path, model: Path) -> None:
    """Copy what the card must name of every recording from the dataset into the model folder."""
    rows = [row for row in read_rows(dataset / "recordings.csv") if row["part"]]
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
    rows, data = read_rows(model / MANIFEST), read(dataset / "dataset.json")
    other = read(report / EVALUATION) if report else None
    calibration = evaluation["calibration"]
    return CARD.format(
        **card_data.describe(rows, data),
        version=constants["settings"]["version"],
        species=len(constants["labels"]),
        architecture=f"It has {training['parameters']:,} parameters.",
        served=SERVED if model.resolve() == evaluate.MODEL.resolve() else "",
        few=_few(evaluation["listed"]["top1"]["n"], len(constants["labels"])),
        scores="\n".join(_score(evaluation, other, name, title) for name, title in SCORES.items()),
        minutes=training["minutes"],
        windows_seen=training["windows_seen"],
        report_training=_report_training(report),
        promises="\n".join(
            f"| {title} | {value(evaluation['verdicts'][name])} |"
            for name, title in PROMISES.items()
        ),
        window_error=value(calibration["windows"]),
        recording_error=value(calibration["recordings"]),
        perfect=calibration["perfect_recordings_95"],
        worst="\n".join(_species(row) for row in evaluation["species"][:WORST]),
    )


EVALUATION = "evaluation.json"
SERVED = "It is the model that `make run` serves and that the deploy script puts on the endpoint.\n"
# Below so many held-back recordings, an interval is wider than most differences between models.
FEW_RECORDINGS = 100
FEW = """
**These figures mean little.** Only {count} recordings of {species} species were held back: an
interval of 95 % is as wide as the brackets say, and another split would give other values.
"""
SCORES = {
    "top1": "right species first",
    "top3": "right species among the first three",
    "macro_f1": "F1, mean over species",
}
PROMISES = {
    "right_when_bird_said_of_listed": 'right, when it says "bird" of a listed species',
    "bird_said_of_listed": 'says "bird" of recordings of listed species',
    "bird_said_of_other_species": 'says "bird" of recordings of other species (always wrong)',
    "bird_said_of_no_bird": 'says "bird" of sounds without a bird',
    "no_bird_said_of_listed": 'says "no bird" of recordings of listed species (wrong)',
}


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _few(count: int, species: int) -> str:
    return FEW.format(count=count, species=species) if count < FEW_RECORDINGS else ""


def _score(
    evaluation: Mapping[str, Any], other: Mapping[str, Any] | None, name: str, title: str
) -> str:
    theirs = value(other["listed"][name]) if other else "not measured"
    chance = _percent(evaluation["listed"]["chance"]) if name == "top1" else ""
    return f"| {title} | {value(evaluation['listed'][name])} | {theirs} | {chance} |"


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
    options = parser.parse_args(argv)
    write_manifest(options.dataset, options.model)
    folders = {
        "--recordings": options.recordings,
        "--model": options.model,
        "--output": options.model,
    }
    scored = [word for name, folder in folders.items() for word in (name, str(folder))]
    if code := evaluate.main(scored):
        return code
    curves = {"this model": read(options.model / "training.json")["curve"]}
    if options.report:
        curves["the report's CNN"] = read(options.report / "training.json")["curve"]
    plots.learning(options.model / "learning.png", curves)
    (options.model / "MODEL_CARD.md").write_text(
        card(options.model, options.dataset, options.report), "utf-8"
    )
    print(f"written: {options.model / 'MODEL_CARD.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
