"""A listener's scores of windows -> the file beside a dataset by which training weighs its windows.

A listener is any network that was asked about each window: a teacher, or a model of our own. Its
scores are a .npz: `recording` [n] and `window` [n] (0, 1, 2 ... as prepare cuts them), `labels` [k]
(scientific names), `scores` [n, k] in [0, 1], and optionally `embedding` [n, d].

Not every listener's scores are free: a model that learnt from them carries their licence.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.data.dataset import HEARD, WINDOW_TABLE, write_arrays
from training.data.folds import read_table

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
    rows = read_table(dataset / WINDOW_TABLE)
    with np.load(listener) as content:
        missing = {"recording", "window", "labels", "scores"} - set(content)
        if missing:
            raise ValueError(f"{listener}: expected {', '.join(sorted(missing))}")
        arrays: Arrays = {name: content[name] for name in content}
    places = _places(rows, arrays)
    heard = places >= 0
    if not heard.any():
        raise ValueError(f"{listener}: heard none of the {len(rows)} windows of {dataset}")
    columns = known_columns(rows, arrays["labels"])
    scores = arrays["scores"][places][:, list(columns.values())]
    found = {
        "labels": np.array(list(columns)),
        "scores": np.where(heard[:, None], scores, np.nan),
    }
    if "embedding" in arrays:
        found["embedding"] = np.where(heard[:, None], arrays["embedding"][places], np.nan)
    write_arrays(dataset / HEARD, found)
    return float(heard.mean())


def _places(rows: list[dict[str, str]], arrays: Arrays) -> npt.NDArray[np.int64]:
    """Find each window of the dataset in the listener's file; -1 where it was not asked."""
    keys = zip(arrays["recording"], arrays["window"], strict=True)
    place = {(str(recording), int(window)): index for index, (recording, window) in enumerate(keys)}
    return np.array([place.get(one, -1) for one in numbered(rows)], np.int64)


def numbered(rows: list[dict[str, str]]) -> list[tuple[str, int]]:
    """Return each window's recording, and its number (0, 1, 2 ...) in that."""
    count: Counter[str] = Counter()
    found = []
    for row in rows:
        name = row["recording_id"]
        found.append((name, count[name]))
        count[name] += 1
    return found


def known_columns(rows: list[dict[str, str]], names: npt.NDArray[np.generic]) -> dict[str, int]:
    """Return the columns of a dataset's labels, in order, among a listener's names of species."""
    given = [str(name) for name in names]
    labels = sorted({row["primary_label"] for row in rows})
    columns = {label: _column(label, given) for label in labels}
    return {label: column for label, column in columns.items() if column >= 0}


def _column(label: str, names: list[str]) -> int:
    name = label.replace("_", " ")
    return next((names.index(one) for one in (name, OTHER_NAMES.get(name, "")) if one in names), -1)
