"""A folder of recordings -> a dataset: decode, leave out what cannot be read, split, write."""

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
from training.data.grouping import SPLITS, group_recordings
from training.data.metadata import NO_BIRD, Recording
from training.data.species import listed_species, name_species
from training.data.split import PARTS, Quotas, split_groups

SHARDS = "shards"
# Raise it when the same recordings and options would give another dataset.
VERSION = 3
# Train, calibration and test need one each.
LEAST_GROUPS = 3


@dataclass(frozen=True)
class Options:
    """What changes a dataset.

    Species under `min_recordings`, or by fewer than `min_recordists` (species.ENOUGH), are other
    birds, as are those that are `unlisted`; `cut_seconds` None cuts no recording short.
    """

    min_recordings: int = 8
    min_recordists: int = 4
    cut_seconds: float | None = None
    seed: int = 7
    quotas: Quotas = field(default_factory=Quotas)
    split_by: str = SPLITS[0]
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Places:
    """Folders: of the audio, of the dataset, and of another machine's shards, if any."""

    audio: Path
    output: Path
    made_elsewhere: Path | None = None

    def shard(self, name: str, cut_seconds: float | None) -> Path:
        """Return where the windows of a recording are kept, apart for each cut.

        A digest, for a name with something added to it may be longer than a file system takes.
        """
        cut = "whole" if cut_seconds is None else f"{cut_seconds:g}s"
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        return (self.made_elsewhere or self.output / SHARDS) / cut / digest[:2] / f"{digest}.npz"


def build(
    places: Places, recordings: Sequence[Recording], *, options: Options, processes: int
) -> dict[str, Any]:
    """Make the dataset of `recordings`; return its dataset.json.

    Goes on where a stopped run was; a finished dataset is left as it is. Raises ValueError where no
    split is possible, if it can be known before any sound is decoded.
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
    summary["listed"] = listed(recordings, options)
    named = name_species(recordings, summary["listed"])
    # Were all readable, could they be split? Decoding may take hours.
    assign([Entry(recording, Path()) for recording in named], options)
    made = make_entries(places, named, options=options, processes=processes)
    _refuse_unreadable(made, summary["listed"])
    entries = assign(made, options)
    summary["species"] = [_describe(entries, label) for label in summary["listed"]]
    dataset.write_dataset(places.output, entries, summary)
    _remove_shards(places)
    return dataset.read_summary(places.output)


def listed(recordings: Sequence[Recording], options: Options) -> list[str]:
    """Return the labels that a model will name. Raises ValueError without any."""
    return listed_species(
        recordings,
        options.min_recordings,
        groups=group_recordings(recordings, options.split_by),
        min_recordists=options.min_recordists,
        unlisted=options.unlisted,
    )


def make_entries(
    places: Places, recordings: Sequence[Recording], *, options: Options, processes: int
) -> list[Entry]:
    """Make the shards that are missing; return an entry a recording, with the reason for a gap."""
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


def assign(entries: Sequence[Entry], options: Options) -> list[Entry]:
    """Give each entry that is not left out its group and its part. Raises ValueError."""
    kept = [entry for entry in entries if not entry.reason]
    if not kept:
        raise ValueError(
            f"none of {len(entries)} recordings can be read; the first, {_described(entries[0])}"
        )
    recordings = [entry.recording for entry in kept]
    names = listed([entry.recording for entry in entries], options)
    groups = group_recordings(recordings, options.split_by)
    if len(set(groups)) < LEAST_GROUPS:
        raise ValueError(
            f"all recordings are of {len(set(groups))} recordist or source, so that no split by"
            " recordist and source holds any back: name them in the column recordist, or use"
            " --split-by recording (or day), whose scores flatter"
        )
    labels = [_balance_label(recording, names) for recording in recordings]
    parts = split_groups(labels, groups, names, quotas=options.quotas, seed=options.seed)
    done = iter(
        replace(entry, group=group, part=part)
        for entry, group, part in zip(kept, groups, parts, strict=True)
    )
    return [entry if entry.reason else next(done) for entry in entries]


def fingerprint(audio: Path, recordings: Sequence[Recording], options: Options) -> str:
    """Hash what a dataset is made from: metadata, options, and the length of every audio file."""
    sizes = [_bytes(audio / recording.filename) for recording in recordings]
    content = [VERSION, asdict(options), [recording.columns for recording in recordings], sizes]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _remove_shards(places: Places) -> None:
    shutil.rmtree(places.output / SHARDS, ignore_errors=True)


def _refuse_unreadable(entries: Sequence[Entry], listed: Sequence[str]) -> None:
    """Raise ValueError where no recording of a listed species can be read, and others can."""
    readable = {entry.recording.primary_label for entry in entries if not entry.reason}
    for label in sorted(set(listed) - readable) if readable else ():
        own = [entry for entry in entries if entry.recording.primary_label == label]
        raise ValueError(
            f"none of {len(own)} recordings of {label} can be read; mend them or leave the species"
            f" out; the first one, {_described(own[0])}"
        )


def _described(entry: Entry) -> str:
    return f"{entry.recording.filename}: {entry.reason}"


def _describe(entries: Sequence[Entry], label: str) -> dict[str, Any]:
    """Return how a listed species is called and how many recordings each part has."""
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


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _balance_label(recording: Recording, listed: Sequence[str]) -> str:
    """Return what the split balances: a listed species, all other birds, sounds without one.

    The kinds of these are not told apart: most are of a file or two, which no share can be cut off.
    """
    label = recording.primary_label
    return label if label in {*listed, NO_BIRD} else "other birds"
