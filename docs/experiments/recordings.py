"""The curve of score over recordings a species, from the shipped model's evaluation.

    PYTHONPATH=. .venv/bin/python docs/experiments/recordings.py

writes recordings.json and recordings.png.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from training.scores import plots
from training.scores.metrics import share

HERE = Path(__file__).parent
EVALUATION = HERE.parent.parent / "training" / "model" / "evaluation.json"
GROUPS = ((8, 9), (10, 12), (13, 19), (20, 49), (50, 106))


def main() -> None:
    """Read the scores of each species, and write groups of them and the picture."""
    evaluation = json.loads(EVALUATION.read_text("utf-8"))
    rows = evaluation["species"]
    counts = np.array([row["top1"]["n"] for row in rows])
    f1 = np.array([row["f1"] for row in rows])
    groups = []
    for low, high in GROUPS:
        inside = (counts >= low) & (counts <= high)
        members = {row["scientific_name"] for row in np.array(rows)[inside]}
        top1 = share(
            [best == true for _, true, _, best, _ in evaluation["results"] if true in members]
        )
        mean = round(float(f1[inside].mean()), 3)
        groups.append(
            {"recordings": [low, high], "species": len(members), "top1": top1, "f1": mean}
        )
    (HERE / "recordings.json").write_text(json.dumps(groups, indent=1) + "\n")
    figure, axes = plt.subplots(figsize=(8, 5))
    axes.plot(counts, f1, "o", color=plots.ACCENT, ms=4, label="F1 of a species")
    named = sorted((f1[i], i) for i in range(len(rows)) if f1[i] < 0.72 or counts[i] >= 20)
    for place, (value, i) in enumerate(named):
        shift = (-4 if counts[i] >= 50 else 4, -8 if place % 2 else 3)
        axes.annotate(
            rows[i]["scientific_name"], (counts[i], value), shift, textcoords="offset points",
            fontsize=7, ha="right" if counts[i] >= 50 else "left",
        )  # fmt: skip
    for place, group in enumerate(groups):
        (low, high), top1 = group["recordings"], group["top1"]
        axes.fill_between([low, high], top1["low"], top1["high"], color=plots.PALE, alpha=0.6)
        label = "right first, all of a group, 95 %" if place == 0 else None
        axes.plot([low, high], [top1["value"]] * 2, color=plots.INK, label=label)
    axes.set(xscale="log", ylim=(0.5, 1.01), xlabel="recordings of the species", ylabel="score")
    axes.set_xticks([8, 12, 20, 50, 100], ["8", "12", "20", "50", "100"])
    axes.minorticks_off()
    axes.legend(frameon=False, loc="lower right")
    plots.save(figure, HERE / "recordings.png")


if __name__ == "__main__":
    main()
