"""Which labels a model learns to name, and what they are called: known before any decoding."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from training.data.metadata import NO_BIRD, Recording, places

# A label of this form says the scientific name itself.
BINOMIAL = re.compile(r"[A-Z][a-z]+_[a-z-]+(_[a-z-]+)?")
# Fewer recordings than these are enough only where several recordists made them.
ENOUGH = 10


def listed_species(
    recordings: Sequence[Recording],
    min_recordings: int,
    *,
    groups: Sequence[int] = (),
    min_recordists: int = 1,
    unlisted: Sequence[str] = (),
) -> list[str]:
    """Return the labels with enough recordings, readable or not, in alphabetical order.

    Those of `unlisted` are not among them; a name there that no recording has is an error.

    `groups` tells recordists apart: under ENOUGH recordings, a label needs `min_recordists`.
    Raises ValueError without any, and where all sounds have one label.
    """
    counts = Counter(one.primary_label for one in recordings if one.primary_label != NO_BIRD)
    if unknown := sorted(set(unlisted) - set(counts)):
        raise ValueError(f"--unlisted names what no recording is called: {', '.join(unknown)}")
    recordists = defaultdict(set)
    for recording, group in zip(recordings, groups or range(len(recordings)), strict=True):
        recordists[recording.primary_label].add(group)
    listed = sorted(
        label
        for label, count in counts.items()
        if label not in unlisted
        and count >= min_recordings
        and (count >= ENOUGH or len(recordists[label]) >= min_recordists)
    )
    if not listed:
        most = ", ".join(f"{label} {count}" for label, count in counts.most_common(3)) or "none"
        raise ValueError(
            f"no species has {min_recordings} recordings (most: {most}); add recordings, or ask"
            " for fewer with --min-recordings"
        )
    if len({recording.primary_label for recording in recordings}) == 1:
        raise ValueError(
            f"{listed[0]} is the only species: add recordings of another one, or of no bird, that"
            " it is to be told from"
        )
    return listed


def name_species(recordings: Sequence[Recording], listed: Sequence[str]) -> list[Recording]:
    """Give all recordings of a listed label the names that some of them have.

    Raises ValueError where a label has no scientific name or two, or two labels have one.
    """
    of_label = defaultdict(list)
    for recording in recordings:
        of_label[recording.primary_label].append(recording)
    names = {label: _scientific_name(of_label[label]) for label in listed}
    common = {
        label: next((one.common_name for one in of_label[label] if one.common_name), "")
        for label in listed
    }
    _refuse_shared(of_label, names)
    return [
        replace(
            recording,
            scientific_name=names.get(recording.primary_label, recording.scientific_name),
            common_name=common.get(recording.primary_label, recording.common_name),
        )
        for recording in recordings
    ]


def _scientific_name(recordings: Sequence[Recording]) -> str:
    found: dict[str, Recording] = {}
    for recording in recordings:
        if name := _plain(recording.scientific_name):
            found.setdefault(name, recording)
    label = recordings[0].primary_label
    if len(found) > 1:
        named = " and ".join(f"{name} ({one.place})" for name, one in list(found.items())[:3])
        raise ValueError(f"{label} has more than one scientific_name: {named}; use one of them")
    if found:
        return next(iter(found))
    if BINOMIAL.fullmatch(label):
        return label.replace("_", " ")
    raise ValueError(
        f"{places(recordings)}: {label} has no scientific_name; add it in that column, or label"
        " the species Genus_species"
    )


def _refuse_shared(of_label: dict[str, list[Recording]], names: dict[str, str]) -> None:
    """Raise ValueError where a listed label shares its scientific name with any other label."""
    labels = defaultdict(list)
    for label, recordings in of_label.items():
        own = names.get(label) or next(
            (_plain(one.scientific_name) for one in recordings if one.scientific_name), ""
        )
        labels[own].append(label)
    for name, sharing in labels.items():
        if name and len(sharing) > 1 and set(sharing) & set(names):
            rows = " and ".join(f"{label} ({of_label[label][0].place})" for label in sharing[:3])
            raise ValueError(f"two labels have the scientific_name {name}: {rows}; use one label")


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split())
