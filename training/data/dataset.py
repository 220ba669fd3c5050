"""Recordings, their parts and their shards -> the dataset folder that training reads."""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from spectrogram_fn import spectrogram
from training.data.metadata import Recording
from training.data.shards import Shard, read_shard

WINDOWS, WINDOW_TABLE, RECORDING_TABLE, SUMMARY = (
    "windows.npy",
    "windows.csv",
    "recordings.csv",
    "dataset.json",
)
FILES = (WINDOWS, WINDOW_TABLE, RECORDING_TABLE, SUMMARY)
# A listener's scores of the windows, where there is one (window_weights.py).
HEARD = "heard.npz"
# Mixtures that a listener was asked about, likewise (heard_mixtures.py).
MIXTURES, MIXTURE_IMAGES = "mixtures.npz", "mixtures.npy"
OF_A_LISTENER = (HEARD, MIXTURES, MIXTURE_IMAGES)
WINDOW_COLUMNS = (
    *("index", "recording_id", "primary_label", "recordist", "source", "part"),
    *("start_seconds", "end_seconds", "silent", "activity"),
)
RECORDING_COLUMNS = (
    *("filename", "primary_label", "scientific_name", "common_name", "recordist"),
    *("source", "url", "xc_id", "license"),
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One recording: its shard, its group and its part, or the reason why it is left out."""

    recording: Recording
    shard: Path
    group: int = -1
    part: str = ""
    reason: str = ""


def write_dataset(folder: Path, entries: Sequence[Entry], summary: dict[str, Any]) -> None:
    """Write windows.npy (int16 [n, 110250]), windows.csv, recordings.csv and, last, dataset.json.

    Each is renamed into place when whole; dataset.json, which holds `summary` and the counts, means
    that all are.
    Memory holds the windows of one recording at a time, and no table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = [entry for entry in entries if not entry.reason]
    windows: Counter[str] = Counter()
    _write_table(
        folder / WINDOW_TABLE, WINDOW_COLUMNS, _write_windows(folder / WINDOWS, kept, windows)
    )
    columns = tuple(dict.fromkeys(name for entry in entries for name in _recording_row(entry)))
    _write_table(folder / RECORDING_TABLE, columns, (_recording_row(entry) for entry in entries))
    recordings = Counter(entry.part for entry in kept)
    by_part = {
        "windows": dict(sorted(windows.items())),
        "recordings": dict(sorted(recordings.items())),
    }
    counts = {**by_part, "skipped": len(entries) - len(kept)}
    write_text(
        folder / SUMMARY,
        json.dumps({**summary, "counts": counts}, indent=2, ensure_ascii=False) + "\n",
    )


def read_summary(folder: Path) -> dict[str, Any]:
    """Return dataset.json; {} where the folder holds no whole dataset."""
    if not all((folder / name).exists() for name in FILES):
        return {}
    content: dict[str, Any] = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    return content


def add_to_summary(folder: Path, facts: dict[str, Any]) -> dict[str, Any]:
    """Put facts that were known after a dataset was made into its dataset.json; return all."""
    present = read_summary(folder)
    content = {name: value for name, value in {**present, **facts}.items() if value}
    if content != present:
        write_text(folder / SUMMARY, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return content


def files(folder: Path) -> list[str]:
    """Return the files of a dataset, the one that means that all are there last."""
    heard = [name for name in OF_A_LISTENER if (folder / name).exists()]
    return [*FILES[:-1], *heard, FILES[-1]]


def _write_windows(path: Path, entries: Sequence[Entry], counts: Counter[str]) -> Iterator[Row]:
    """Copy all shards' windows into one array on disk; return table rows, and count by part."""
    total = sum(_window_count(entry) for entry in entries)
    partial = path.with_name(path.name + ".partial")
    shape = (total, spectrogram.WINDOW_SAMPLES)
    array: npt.NDArray[np.int16] = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
        partial, mode="w+", dtype=np.int16, shape=shape
    )
    take_room(partial)
    for entry in tqdm(entries, desc="windows", unit="recording"):
        shard, first = read_shard(entry.shard), counts.total()
        array[first : first + len(shard.pcm)] = shard.pcm
        counts[entry.part] += len(shard.pcm)
        yield from _window_rows(entry, shard, first)
    del array  # Closing the map writes what is left.
    partial.replace(path)


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


def _window_count(entry: Entry) -> int:
    with np.load(entry.shard) as arrays:
        return int(arrays["silent"].size)


def _window_rows(entry: Entry, shard: Shard, first: int) -> Iterator[Row]:
    recording = entry.recording
    shared = {
        "recording_id": recording.filename,
        "primary_label": recording.primary_label,
        "recordist": recording.recordist,
        "source": recording.source,
        "part": entry.part,
    }
    for place in range(len(shard.pcm)):
        yield {
            "index": first + place,
            **shared,
            "start_seconds": float(shard.start_seconds[place]),
            "end_seconds": float(shard.end_seconds[place]),
            "silent": int(shard.silent[place]),
            "activity": round(float(shard.activity[place]), 5),
        }


def _recording_row(entry: Entry) -> Row:
    """Return our own columns, every other one of the metadata, and what was decided."""
    recording = entry.recording
    own = {
        "recording_id": recording.filename,
        **{name: getattr(recording, name) for name in RECORDING_COLUMNS},
    }
    decided = {"group": entry.group, "part": entry.part, "reason": entry.reason}
    return {**own, **recording.columns, **own, **decided}


def _write_table(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write an .npz file under another name and rename it: it is there whole or not at all."""
    partial = path.with_name(f"partial-{path.name}")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    partial.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a file under another name and rename it, so that it is there whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
