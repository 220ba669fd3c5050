"""Finish a model folder: manifest.csv, the evaluation on the held-back part, and MODEL_CARD.md."""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training import evaluate
from training.scores import plots

COLUMNS = ("recording_id", "part", "primary_label", "recordist", "license", "xc_id", "source")
WORST = 8

CARD = """# Model card: {version}

A small network that names {species} European bird species from five seconds of sound. {architecture}
It is the model that `make run` serves and that the deploy script puts on the endpoint.

## What it learnt from

{recordings} recordings ({hours:.1f} hours) of {all_species} species and of sounds without a bird, mostly from
xeno-canto. The {species} listed species have at least 10 recordings each; the others taught it what it does not know.
`manifest.csv` names every recording with its recordist, its licence and its part.

| part | recordings | of listed species | used for |
| --- | --- | --- | --- |
{parts}

No recordist, and no source of recordings without a recordist, is in two parts.

## Licence

The code is Apache-2.0. These weights are not: {non_commercial} of the recordings are under a Creative Commons licence
that forbids commercial use, and the licences of most others are unknown and probably the same.
**Use this model for non-commercial purposes only.** A model that you train on your own recordings
(`make train RECORDINGS=DIR`) is free of this.

## Scores on the held-back part

Measured with `make evaluate`, through the code that serves; 95 % intervals in brackets.

| | this model | the report's CNN, same data | chance |
| --- | --- | --- | --- |
{scores}

It was trained for {minutes:.0f} minutes and saw {windows_seen:,} windows{report_training}.
`learning.png` shows how they learnt.

| promise | held-back part |
| --- | --- |
{promises}

Expected calibration error (10 bins of equal mass): {window_error} on windows, {recording_error} on recordings;
a perfectly calibrated model stays below {perfect} on so few recordings 95 times in 100.

Worst species first (`evaluation.json` has all, `species.png` shows them):

| species | named right | n | taken for |
| --- | --- | --- | --- |
{worst}

![Share named right, by species](species.png)

![Reliability](reliability.png)

## What it must not be used for

- To prove that a species was or was not there: it hears only {species} species, and many others sound alike.
- For counts, surveys or decisions about land, hunting or protection without a person who checks by ear.
- On recordings from outside Europe, of bats, insects or frogs, or under water.
- Commercially: see the licence.

The held-back recordings are few for most species: read the intervals, not the values.
Most recordings were chosen by people because the bird is clear; a phone in the wind will do worse.
"""


def write_manifest(dataset: Path, model: Path) -> list[dict[str, str]]:
    """Copy what the card must name of every recording from the dataset into the model folder."""
    with (dataset / "recordings.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["part"]]
    with (model / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)
    return rows


def card(model: Path, rows: Sequence[Mapping[str, str]], report: Path | None) -> str:
    """Write the card's text from the model folder's own files, and the report's network's folder where it is given."""
    constants, training, evaluation = (
        read(model / name) for name in ("constants.json", "training.json", EVALUATION)
    )
    other = read(report / EVALUATION) if report else None
    labels = {label.replace(" ", "_") for label in constants["labels"]}
    calibration = evaluation["calibration"]
    return CARD.format(
        version=constants["settings"]["version"],
        species=len(constants["labels"]),
        architecture=f"It has {training['parameters']:,} parameters.",
        recordings=len(rows),
        hours=sum(float(row.get("seconds") or 5) for row in rows) / 3_600,
        all_species=len({row["primary_label"] for row in rows} - {"no_bird"}),
        parts="\n".join(_part(rows, labels, part, use) for part, use in PARTS.items()),
        non_commercial=sum("by-nc" in row.get("license", "").lower() for row in rows),
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
PARTS = {
    "train": "learning",
    "calibration": "temperature, pooling curve and thresholds",
    "test": "the scores below; the rules of the answer were chosen with these in sight",
}
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
    """Read a JSON object of a model folder."""
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def _part(rows: Sequence[Mapping[str, str]], labels: set[str], part: str, use: str) -> str:
    counts = Counter(row["primary_label"] for row in rows if row["part"] == part)
    return f"| {part} | {counts.total()} | {sum(counts[label] for label in labels)} | {use} |"


def _score(
    evaluation: Mapping[str, Any], other: Mapping[str, Any] | None, name: str, title: str
) -> str:
    theirs = value(other["listed"][name]) if other else "not measured"
    chance = _percent(evaluation["listed"]["chance"]) if name == "top1" else ""
    return f"| {title} | {value(evaluation['listed'][name])} | {theirs} | {chance} |"


def value(score: Mapping[str, Any]) -> str:
    """Write a score with its 95 % interval and n."""
    if score["value"] is None:
        return "none to measure on"
    return f"{_percent(score['value'])} ({_percent(score['low'])} to {_percent(score['high'])}, n = {score['n']})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _species(row: Mapping[str, Any]) -> str:
    hits = row["top1"]
    return f"| {row['scientific_name']} | {_percent(hits['value'] or 0)} | {hits['n']} | {', '.join(row['taken_for'])} |"


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
    """Run as a script; answers the exit code."""
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
    rows = write_manifest(options.dataset, options.model)
    scored = [
        "--recordings",
        str(options.recordings),
        "--model",
        str(options.model),
        "--output",
        str(options.model),
    ]
    if code := evaluate.main(scored):
        return code
    curves = {"this model": read(options.model / "training.json")["curve"]}
    if options.report:
        curves["the report's CNN"] = read(options.report / "training.json")["curve"]
    plots.learning(options.model / "learning.png", curves)
    (options.model / "MODEL_CARD.md").write_text(card(options.model, rows, options.report), "utf-8")
    print(f"written: {options.model / 'MODEL_CARD.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
