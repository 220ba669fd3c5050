"""A folder of recordings -> a dataset: decode all, leave out what cannot be read, split, write. Can be stopped."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from spectrogram_fn import spectrogram
from training.data import dataset, shards
from training.data.dataset import Entry
from training.data.grouping import group_recordings
from training.data.metadata import NO_BIRD, Recording
from training.data.split import PARTS, Quotas, split_groups

SHARDS = "shards"
# Raise it when the same recordings and options would give another dataset.
VERSION = 1


@dataclass(frozen=True)
class Options:
    """What changes a dataset: species under `min_recordings` are other birds; None cuts no recording short."""

    min_recordings: int = 10
    cut_seconds: float | None = None
    seed: int = 7
    quotas: Quotas = field(default_factory=Quotas)


@dataclass(frozen=True)
class Places:
    """Folders: where the audio is, where the dataset goes, and where the shards of another machine are, if any."""

    audio: Path
    output: Path
    made_elsewhere: Path | None = None

    def shard(self, name: str, cut_seconds: float | None) -> Path:
        """Where the windows of a recording are kept; a run that cuts elsewhere must not take them for its own."""
        cut = "whole" if cut_seconds is None else f"{cut_seconds:g}s"
        return (self.made_elsewhere or self.output / SHARDS) / cut / f"{name}.npz"


def build(
    places: Places, recordings: Sequence[Recording], *, options: Options, processes: int
) -> dict[str, Any]:
    """Make the dataset of `recordings`; answer its dataset.json.

    Goes on where a stopped run was; a finished dataset is left as it is. Raises ValueError where no split is possible.
    """
    summary: dict[str, Any] = {
        "fingerprint": fingerprint(places.audio, recordings, options),
        "options": asdict(options),
        "signal_path": {
            "sample_rate": spectrogram.SAMPLE_RATE,
            "window_samples": spectrogram.WINDOW_SAMPLES,
            "shape": list(spectrogram.SHAPE),
        },
    }
    present = dataset.read_summary(places.output)
    if present.get("fingerprint") == summary["fingerprint"]:
        _remove_shards(places)
        return present
    entries = assign(
        make_entries(places, recordings, options=options, processes=processes), options
    )
    summary["listed"] = listed_species(recordings, options.min_recordings)
    summary["species"] = [_describe(entries, label) for label in summary["listed"]]
    dataset.write_dataset(places.output, entries, summary)
    _remove_shards(places)
    return dataset.read_summary(places.output)


def make_entries(
    places: Places, recordings: Sequence[Recording], *, options: Options, processes: int
) -> list[Entry]:
    """Make the shards that are missing; answer an entry a recording, with the reason for each gap."""
    names = [recording.filename for recording in recordings]
    cut = options.cut_seconds
    jobs = [shards.Job(places.audio / name, places.shard(name, cut), cut) for name in names]
    reasons = tqdm(
        shards.make_shards(jobs, processes=processes),
        total=len(jobs),
        desc="decode",
        unit="recording",
    )
    return [
        Entry(recording, job.shard, reason=reason)
        for recording, job, reason in zip(recordings, jobs, reasons, strict=True)
    ]


def _remove_shards(places: Places) -> None:
    shutil.rmtree(places.output / SHARDS, ignore_errors=True)


def assign(entries: Sequence[Entry], options: Options) -> list[Entry]:
    """Give each entry that is not left out its group and its part."""
    kept = [entry for entry in entries if not entry.reason]
    if not kept:
        raise ValueError(
            f"none of {len(entries)} recordings can be read; the first one: {entries[0].reason}"
        )
    recordings = [entry.recording for entry in kept]
    listed = listed_species([entry.recording for entry in entries], options.min_recordings)
    groups = group_recordings(recordings)
    labels = [_balance_label(recording, listed) for recording in recordings]
    parts = split_groups(labels, groups, listed, quotas=options.quotas, seed=options.seed)
    done = iter(
        replace(entry, group=group, part=part)
        for entry, group, part in zip(kept, groups, parts, strict=True)
    )
    return [entry if entry.reason else next(done) for entry in entries]


def listed_species(recordings: Sequence[Recording], min_recordings: int) -> list[str]:
    """Name the labels with enough recordings, readable or not, in alphabetical order. Raises ValueError without any."""
    counts = Counter(recording.primary_label for recording in recordings)
    listed = sorted(
        label for label, count in counts.items() if count >= min_recordings and label != NO_BIRD
    )
    if not listed:
        raise ValueError(f"no species has {min_recordings} recordings")
    return listed


def _describe(entries: Sequence[Entry], label: str) -> dict[str, Any]:
    """Say how a listed species is called and how many recordings each part has."""
    found = [
        entry for entry in entries if entry.recording.primary_label == label and not entry.reason
    ]
    counts = Counter(entry.part for entry in found)
    return {
        "primary_label": label,
        "scientific_name": found[0].recording.scientific_name,
        "common_name": found[0].recording.common_name,
        "recordings": {part: counts[part] for part in PARTS},
    }


def fingerprint(audio: Path, recordings: Sequence[Recording], options: Options) -> str:
    """Hash what the dataset is made from: the metadata, the options, and the length of every audio file in bytes."""
    sizes = [_bytes(audio / recording.filename) for recording in recordings]
    content = [VERSION, asdict(options), [recording.columns for recording in recordings], sizes]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def _balance_label(recording: Recording, listed: Sequence[str]) -> str:
    """Name what the split balances over its parts: listed species one by one, other birds together, no-bird sounds."""
    if recording.primary_label == NO_BIRD:
        return f"{NO_BIRD} {recording.columns.get('sound', '')}"
    return recording.primary_label if recording.primary_label in listed else "other birds"
