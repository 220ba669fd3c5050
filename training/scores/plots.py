"""The pictures of an evaluation and of a training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt  # The back end is chosen first: no screen is needed.
import numpy as np

from training.scores.metrics import Result

INK, ACCENT, PALE = "#23332b", "#2f7d4f", "#c9d8cc"
DPI = 80


def species(path: Path, summary: Mapping[str, Any]) -> None:
    """Draw a bar a species, worst first: the share named right, with the 95 % interval."""
    rows = [row for row in summary["species"] if row["top1"]["n"]]
    figure, axes = plt.subplots(figsize=(7, 0.26 * len(rows) + 1.2))
    places = np.arange(len(rows))
    values = np.array([row["top1"]["value"] for row in rows])
    whiskers = [
        values - [row["top1"]["low"] for row in rows],
        [row["top1"]["high"] for row in rows] - values,
    ]
    axes.barh(
        places,
        values,
        color=ACCENT,
        xerr=np.abs(whiskers),
        error_kw={"ecolor": INK, "elinewidth": 0.8},
    )
    axes.set_yticks(
        places, [f"{row['scientific_name']} ({row['top1']['n']})" for row in rows], fontsize=8
    )
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="recordings named right (n), with 95 % interval")
    save(figure, path)


def confusion(path: Path, results: Sequence[Result], labels: Sequence[str]) -> None:
    """Draw which species is taken for which: rows true, columns answered, in shares of the row."""
    place = {label: index for index, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)))
    for result in results:
        if result.truth in place:
            counts[place[result.truth], place[result.best]] += 1
    figure, axes = plt.subplots(figsize=(7.5, 7))
    axes.imshow(
        counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Greens", vmin=0, vmax=1
    )
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=6)
    axes.set_yticks(range(len(labels)), labels, fontsize=6)
    axes.set(xlabel="answered", ylabel="true")
    save(figure, path)


def reliability(path: Path, curves: Mapping[str, Sequence[tuple[float, float, int]]]) -> None:
    """Draw how often an answer is right against the probability given with it."""
    figure, axes = plt.subplots(figsize=(5, 4.5))
    axes.plot([0, 1], [0, 1], color=PALE)
    for (name, points), colour in zip(curves.items(), (ACCENT, INK), strict=False):
        count = sum(point[2] for point in points)
        axes.plot(
            [point[0] for point in points], [point[1] for point in points], "o-", color=colour, ms=4
        )
        axes.plot([], [], "o-", color=colour, label=f"{name} (n = {count})")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability given", ylabel="share right")
    axes.legend(frameon=False)
    save(figure, path)


def learning(path: Path, curves: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Draw the calibration part's top-1 against the minutes of training, a line a network."""
    figure, axes = plt.subplots(figsize=(6, 4))
    for (name, curve), colour in zip(curves.items(), (ACCENT, INK), strict=False):
        axes.plot(
            [one["minutes"] for one in curve],
            [one["top1"] for one in curve],
            "o-",
            color=colour,
            ms=3,
        )
        axes.plot([], [], "o-", color=colour, label=name)
    axes.set(ylim=(0, 1), xlabel="minutes on two cores", ylabel="top-1 on the calibration part")
    axes.legend(frameon=False)
    save(figure, path)


def save(figure: Any, path: Path) -> None:
    """Write a picture, the same bytes for the same one, and close it."""
    figure.savefig(path, dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
