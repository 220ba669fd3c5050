"""A listener's scores of windows -> the file beside a dataset by which training weighs its windows.

A listener is any network that was asked about each window: a teacher, or a model of our own. Its
scores are a .npz: `recording` [n] and `window` [n] (0, 1, 2 ... as prepare cuts them), `labels` [k]
(scientific names), `scores` [n, k] in [0, 1], and optionally `embedding` [n, d].

Not every listener's scores are free: a model that learnt from them carries their licence.
"""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.data.dataset import HEARD, WINDOW_TABLE

# Names of the IOC list before and after it took over those of eBird and Clements (2024, 2025).
OTHER_NAMES = {
    "Accipiter gentilis": "Astur gentilis",
    "Anas clypeata": "Spatula clypeata",
    "Anas penelope": "Mareca penelope",
    "Anas querquedula": "Spatula querquedula",
    "Anas strepera": "Mareca strepera",
    "Aquila chrysaetus": "Aquila chrysaetos",
    "Aquila pomarina": "Clanga pomarina",
    "Coloeus monedula": "Corvus monedula",
    "Limicola falcinellus": "Calidris falcinellus",
    "Philomachus pugnax": "Calidris pugnax",
    "Porzana parva": "Zapornia parva",
    "Porzana pusilla": "Zapornia pusilla",
    "Sylvia cantillans": "Curruca cantillans",
    "Sylvia hortensis": "Curruca hortensis",
    "Sylvia melanocephala": "Curruca melanocephala",
    "Tachymarptis melba": "Apus melba",
    "Tryngites subruficollis": "Calidris subruficollis",
}

Arrays = dict[str, npt.NDArray[np.generic]]


def attach(dataset: Path, listener: Path) -> float:
    """Write a listener's scores beside a dataset, in its order; return the share that it heard.

    Raises ValueError where the listener's file has another form, or heard none of the windows.
    """
    with (dataset / WINDOW_TABLE).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with np.load(listener) as content:
        missing = {"recording", "window", "labels", "scores"} - set(content)
        if missing:
            raise ValueError(f"{listener}: expected {', '.join(sorted(missing))}")
        arrays: Arrays = {name: content[name] for name in content}
    places = _places(rows, arrays)
    heard = places >= 0
    if not heard.any():
        raise ValueError(f"{listener}: heard none of the {len(rows)} windows of {dataset}")
    names = [str(name) for name in arrays["labels"]]
    labels = sorted({row["primary_label"] for row in rows})
    columns = [column_of(label, names) for label in labels]
    known = [column for column in columns if column >= 0]
    found = {
        "labels": np.array(
            [label for label, column in zip(labels, columns, strict=True) if column >= 0]
        ),
        "scores": np.where(heard[:, None], arrays["scores"][places][:, known], np.nan),
    }
    if "embedding" in arrays:
        found["embedding"] = np.where(heard[:, None], arrays["embedding"][places], np.nan)
    partial = dataset / f"partial-{HEARD}"
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **found)
    partial.replace(dataset / HEARD)
    return float(heard.mean())


def _places(rows: list[dict[str, str]], arrays: Arrays) -> npt.NDArray[np.int64]:
    """Find each window of the dataset in the listener's file; -1 where it was not asked."""
    keys = zip(arrays["recording"], arrays["window"], strict=True)
    place = {(str(recording), int(window)): index for index, (recording, window) in enumerate(keys)}
    count: Counter[str] = Counter()
    found = []
    for row in rows:
        found.append(place.get((row["recording_id"], count[row["recording_id"]]), -1))
        count[row["recording_id"]] += 1
    return np.array(found, np.int64)


def column_of(label: str, names: list[str]) -> int:
    """Return the place of a species among scientific names, by any of its own; -1 without one."""
    name = label.replace("_", " ")
    return next((names.index(one) for one in (name, OTHER_NAMES.get(name, "")) if one in names), -1)
