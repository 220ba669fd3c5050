"""The dataset that prepare.py wrote, and the images of its windows, made once and kept on disk."""

import csv
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import front
import numpy as np
import numpy.typing as npt
import spectrogram
from tqdm import tqdm

NO_BIRD = "no_bird"
# A class that no recording has by itself: whatever sings and is not listed.
ANOTHER_BIRD = "another_bird"
CHUNK = 64

Pcm = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Dataset:
    """A folder of prepare.py: windows [n, WINDOW_SAMPLES] of 16-bit PCM, and one row each."""

    folder: Path
    windows: Pcm
    rows: list[dict[str, str]]
    classes: list[str]
    listed: list[str]
    scientific_names: list[str]
    names: list[str]

    def part(self, name: str) -> list[int]:
        """Return the indices of the windows of one part: train, calibration or test."""
        return [index for index, row in enumerate(self.rows) if row["part"] == name]

    def follows(self, index: int) -> bool:
        """Return whether the next window is of the same recording as this one."""
        rows = self.rows
        return (
            index + 1 < len(rows) and rows[index + 1]["recording_id"] == rows[index]["recording_id"]
        )


def load(folder: Path) -> Dataset:
    """Read a dataset. Listed species come first among the classes, another bird and no bird last.

    Raises OSError, ValueError.
    """
    description = json.loads((folder / "dataset.json").read_text("utf-8"))
    with (folder / "windows.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    windows = np.load(folder / "windows.npy", mmap_mode="r")
    if windows.shape != (len(rows), spectrogram.WINDOW_SAMPLES):
        raise ValueError(f"{folder}: expected {len(rows)} windows of 5 s, got {windows.shape}")
    species = sorted(description["species"], key=lambda one: one["scientific_name"])
    listed = [one["primary_label"] for one in species]
    others = sorted({row["primary_label"] for row in rows} - {*listed, NO_BIRD})
    scientific = [one["scientific_name"] for one in species]
    names = [one["common_name"] or one["scientific_name"] for one in species]
    classes = [*listed, *others, ANOTHER_BIRD, NO_BIRD]
    return Dataset(folder, windows, rows, classes, listed, scientific, names)


def learn_from_all(dataset: Dataset) -> Dataset:
    """Return a dataset whose parts are all to learn from: nothing is left to calibrate on."""
    return replace(dataset, rows=[{**row, "part": "train"} for row in dataset.rows])


def image(dataset: Dataset, index: int) -> Bytes:
    """Return the spectrogram bytes [216, 514] of a window, the same as the Lambda's."""
    sound = dataset.windows[index].astype(np.float32) / np.float32(spectrogram.PCM_FULL_SCALE)
    return spectrogram.to_bytes(spectrogram.to_spectrogram(sound))


def take_room(path: Path) -> None:
    """Take a file's whole room on disk. Raises OSError where there is less.

    A page of a map that finds no room later ends the process (SIGBUS), without a word.
    """
    length = path.stat().st_size
    try:
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, length)
    except OSError as error:
        path.unlink()
        raise OSError(f"{path}: no room for {length / 1e9:.1f} GB: {error.strerror}") from error


def keep_images(dataset: Dataset, view: front.Front, path: Path) -> Bytes:
    """Return the images [n, rows, columns] of all windows as a memory map; make the file if needed.

    The pages that are read stay in the system's cache as long as there is room: 200,000 windows
    are 4.1 GB on disk, and as little in memory as there is left.
    """
    shape = (len(dataset.rows), *view.shape)
    if not path.exists():
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        images: Bytes = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)  # type: ignore[no-untyped-call]
        take_room(partial)
        with ThreadPoolExecutor() as pool:
            for first in tqdm(range(0, len(images), CHUNK), desc="images", unit="chunk"):
                chosen = range(first, min(first + CHUNK, len(images)))
                found = pool.map(lambda index: view.encode(image(dataset, index)), chosen)
                images[chosen.start : chosen.stop] = list(found)
        del images
        partial.replace(path)
    kept: Bytes = np.load(path, mmap_mode="r")
    if kept.shape != shape:
        raise ValueError(f"{path}: expected images {shape}, got {kept.shape}; delete it")
    return kept
