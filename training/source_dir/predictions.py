"""What networks made of windows that they had not learnt from: all that calibration needs.

Each fold of a cross-validation keeps its own; together they calibrate a network that learnt from
every recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from answers import Floats
from corpus import Dataset
from several import Mixed


@dataclass(frozen=True)
class Predictions:
    """Logits [n, classes] of the windows at `indices`, once for each copy, and of overlays."""

    indices: list[int]
    copies: list[Floats]
    mixed: Mixed
    over: Floats


def write(path: Path, made: Predictions, dataset: Dataset) -> None:
    """Keep predictions as .npz, with the classes and recordings that they are of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"partial-{path.name}")
    with partial.open("wb") as file:
        np.savez(
            file,
            indices=np.array(made.indices),
            recordings=np.array([dataset.rows[index]["recording_id"] for index in made.indices]),
            classes=np.array(dataset.classes),
            copies=np.stack(made.copies).astype(np.float32),
            rows=np.array([len(rows) for rows in made.mixed.rows], np.int64),
            truths=np.array(made.mixed.truths, np.int64).reshape(-1, 2),
            places=np.array(made.mixed.places, np.int64).reshape(-1, 2),
            over=made.over.astype(np.float32),
        )
    partial.replace(path)


def read(folder: Path, dataset: Dataset) -> Predictions:
    """Return all predictions kept in a folder, as if one network had made them.

    Raises ValueError without any, and on those of another dataset.
    """
    paths = sorted(folder.rglob("*.npz"))
    if not paths:
        raise ValueError(f"{folder}: expected predictions, such as training.cross_validate makes")
    return _join([_read(path, dataset) for path in paths], dataset)


def _read(path: Path, dataset: Dataset) -> Predictions:
    with np.load(path) as kept:
        indices = [int(index) for index in kept["indices"]]
        names = [str(name) for name in kept["recordings"]]
        rows = dataset.rows
        same = max(indices) < len(rows) and names == [rows[i]["recording_id"] for i in indices]
        if not same or list(kept["classes"]) != dataset.classes:
            raise ValueError(f"{path}: expected predictions of this dataset, got another's")
        ends = np.cumsum([0, *kept["rows"]])
        mixed = Mixed(
            images=np.zeros((0, 0, 0), np.uint8),
            rows=[list(range(first, last)) for first, last in pairwise(ends)],
            truths=[(int(one), int(other)) for one, other in kept["truths"]],
            places=[(int(one), int(other)) for one, other in kept["places"]],
        )
        copies = [copy.astype(np.float64) for copy in kept["copies"]]
        return Predictions(indices, copies, mixed, kept["over"].astype(np.float64))


def _join(parts: Sequence[Predictions], dataset: Dataset) -> Predictions:
    """Return the parts one after the other; overlays name windows and recordings by their place."""
    rows, truths, places, windows, listed = [], [], [], 0, 0
    for part in parts:
        rows += [[windows + row for row in one] for one in part.mixed.rows]
        truths += part.mixed.truths
        places += [(listed + one, listed + other) for one, other in part.mixed.places]
        windows += len(part.over)
        listed += _listed_recordings(part.indices, dataset)
    none = np.zeros((0, 0, 0), np.uint8)
    return Predictions(
        [index for part in parts for index in part.indices],
        [np.concatenate(copies) for copies in zip(*(part.copies for part in parts), strict=True)],
        Mixed(none, rows, truths, places),
        np.concatenate([part.over for part in parts]),
    )


def _listed_recordings(indices: Sequence[int], dataset: Dataset) -> int:
    listed, rows = set(dataset.listed), [dataset.rows[index] for index in indices]
    return len({row["recording_id"] for row in rows if row["primary_label"] in listed})
