"""Mixtures of recordings that a listener was asked about -> two files beside a dataset.

They are a folder of .npz files, read in the order of their names: `images` [n, 80, 257] (what the
network looks at: source_dir/front.py's bands, as bytes), `recordings` and `windows` [n, k] (what
each is made of, loudest first: windows are 0, 1, 2 ... as prepare cuts them, "" is no recording),
`decibels` [n, k] below the first, -inf where a sound was changed so much that only the listener's
answer counts, `labels` [m] (scientific names), `scores` [n, m] in [0, 1] and `embedding` [n, d] of
the listener. docs/experiments/mixtures.py makes such files.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.data.dataset import MIXTURE_IMAGES, MIXTURES, WINDOW_TABLE, take_room, write_arrays
from training.data.folds import read_table
from training.data.window_weights import known_columns, numbered

FIELDS = {"images", "recordings", "windows", "decibels", "labels", "scores", "embedding"}

Array = npt.NDArray[np.generic]


def attach(dataset: Path, folder: Path) -> int:
    """Write a listener's mixtures of a dataset's recordings beside it; return how many.

    Raises ValueError where a file has another form, or none is of these recordings alone.
    """
    paths = sorted(folder.glob("*.npz"))
    rows = read_table(dataset / WINDOW_TABLE)
    place = {one: index for index, one in enumerate(numbered(rows))}
    kept, arrays = [], []
    for path in paths:
        found = _read(path)
        windows = _windows(found, place)
        # -2: a recording that is not in the dataset.
        usable = np.flatnonzero((windows > -2).all(axis=1) & (windows >= 0).any(axis=1))
        columns = known_columns(rows, found["labels"])
        arrays.append(
            {
                "windows": windows[usable].astype(np.int32),
                "decibels": found["decibels"][usable].astype(np.float16),
                "scores": found["scores"][usable][:, list(columns.values())].astype(np.float16),
                "embedding": found["embedding"][usable].astype(np.float16),
            }
        )
        kept.append((path, usable))
    total = sum(len(usable) for _, usable in kept)
    if not total:
        raise ValueError(f"{folder}: none of {len(paths)} files has mixtures of {dataset}")
    _write_images(dataset / MIXTURE_IMAGES, kept, total)
    joined = {name: np.concatenate([one[name] for one in arrays]) for name in arrays[0]}
    write_arrays(dataset / MIXTURES, {"labels": np.array(list(columns)), **joined})
    return total


def _read(path: Path) -> dict[str, Array]:
    """Read a file, but for its images. Raises ValueError where something is missing."""
    with np.load(path) as content:
        if missing := FIELDS - set(content):
            raise ValueError(f"{path}: expected {', '.join(sorted(missing))}")
        return {name: content[name] for name in FIELDS - {"images"}}


def _windows(found: dict[str, Array], place: dict[tuple[str, int], int]) -> npt.NDArray[np.int64]:
    """Return the index of each part's window; -1 for no part, -2 for one of another dataset."""
    pairs = zip(found["recordings"].ravel(), found["windows"].ravel(), strict=True)
    indices = [place.get((str(name), int(window)), -2) if name else -1 for name, window in pairs]
    return np.array(indices, np.int64).reshape(found["windows"].shape)


def _write_images(path: Path, kept: list[tuple[Path, npt.NDArray[np.int64]]], total: int) -> None:
    def images() -> Iterator[npt.NDArray[np.uint8]]:
        for source, usable in kept:
            with np.load(source) as content:
                yield content["images"][usable]

    partial, first = path.with_name(path.name + ".partial"), 0
    array: npt.NDArray[np.uint8] | None = None
    for part in images():
        if array is None:
            array = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
                partial, mode="w+", dtype=np.uint8, shape=(total, *part.shape[1:])
            )
            take_room(partial)
        array[first : first + len(part)] = part
        first += len(part)
    del array  # Closing the map writes what is left.
    partial.replace(path)
