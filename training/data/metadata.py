"""Tables of three forms (ours, Kaggle BirdCLEF's, xeno-canto's) -> recordings of one form."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from training.data.audio_files import (
    find_audio,
    find_table,
    read_folders,
    read_other_folders,
)
from training.data.tables import Row, read_csv, refuse_missing
from training.data.xeno_canto import read_answers

# What a column is called in each form; the first one that is there and not empty counts.
COLUMNS = {
    "filename": ("filename", "file_name"),
    "primary_label": ("primary_label", "ebird_code"),
    "scientific_name": ("scientific_name", "sci_name"),
    "common_name": ("common_name", "en"),
    "recordist": ("recordist", "author", "rec"),
    "source": ("source", "collection"),
    "url": ("url",),
    "xc_id": ("xc_id", "id"),
    "freesound_id": ("freesound_id",),
    "license": ("license", "lic"),
    "date": ("date",),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng"),
    # The length before anyone cut it is the one that a filter means.
    "original_seconds": ("original_seconds", "duration", "length", "seconds"),
    "file_url": ("file",),
}
NUMBERS = ("latitude", "longitude", "original_seconds")
KNOWN = {name for names in COLUMNS.values() for name in names}
# A label can be made of the scientific name.
NEEDED = {
    "audio file": COLUMNS["filename"],
    "species": (*COLUMNS["primary_label"], *COLUMNS["scientific_name"]),
}
# How the tables write "not known".
UNKNOWN = {"", "-", "unknown", "nan", "none", "null"}
NO_BIRD = "no_bird"
# The source of recordings in a species' folder that somebody put beside those of a table.
ADDED = "added folder"
LISTED_PLACES = 5


@dataclass(frozen=True)
class Recording:
    """One recording: the columns that we use, and every column of its row. Unknown text is "".

    `place` is where it is named, for messages.
    """

    filename: str
    primary_label: str
    scientific_name: str = ""
    common_name: str = ""
    recordist: str = ""
    source: str = ""
    url: str = ""
    xc_id: str = ""
    freesound_id: str = ""
    license: str = ""
    date: str = ""
    file_url: str = ""
    latitude: float | None = None
    longitude: float | None = None
    original_seconds: float | None = None
    columns: Row = field(default_factory=dict)
    place: str = ""


def read_metadata(path: Path) -> list[Recording]:
    """Return the recordings of a CSV table or of xeno-canto's JSON.

    Raises OSError, and ValueError that names the row which is not usable.
    """
    if path.suffix.lower() == ".json":
        lines = read_answers(path)
    else:
        lines = read_csv(path, KNOWN)
        refuse_missing(path, lines, NEEDED)
    recordings = unify_labels([to_recording(line.cells, line.place) for line in lines])
    _check(path, recordings)
    # Kaggle's names of 2021 lack the folder, which is the label.
    _refuse_twice(
        path, recordings, ["" if "/" in one.filename else one.primary_label for one in recordings]
    )
    return recordings


def read_folder(folder: Path) -> list[Recording]:
    """Return the recordings of a folder's table or, without one, of its folders named by species.

    DIR/no_bird/metadata.csv, where there is one, names clips that hold no bird. A folder named by a
    species in which the table names no file is one more species. Each filename is that of the file
    on disk, where there is one. Raises OSError, ValueError.
    """
    table = find_table(folder)
    if not table:
        return [to_recording(line.cells, line.place) for line in read_folders(folder)]
    recordings = read_metadata(table)
    if no_bird := find_table(folder / NO_BIRD):
        lines = read_csv(no_bird, KNOWN)
        refuse_missing(no_bird, lines, {"audio file": COLUMNS["filename"]})
        recordings += [to_recording(_no_bird_row(line.cells), line.place) for line in lines]
    found = locate(folder, recordings)
    folders = {PurePosixPath(one.filename).parts[0] for one in found}
    added = [
        to_recording({**line.cells, "source": ADDED}, line.place)
        for line in read_other_folders(folder, folders)
    ]
    return unify_labels([*found, *added])


def locate(folder: Path, recordings: Sequence[Recording]) -> list[Recording]:
    """Give each recording the name that its file has on disk. Raises ValueError on a second one."""
    wanted = [(recording.filename, recording.primary_label) for recording in recordings]
    found = [
        replace(recording, filename=name)
        for recording, name in zip(recordings, find_audio(folder, wanted), strict=True)
    ]
    _refuse_twice(folder, found, [""] * len(found))
    return found


def to_recording(row: Row, place: str = "") -> Recording:
    """Turn one row of any of the forms into a recording. A number that is none becomes None."""
    known = {name: _first(row, names) for name, names in COLUMNS.items()}
    texts = {name: text for name, text in known.items() if name not in NUMBERS}
    texts["filename"] = _plain_path(texts["filename"])
    texts["primary_label"] = texts["primary_label"] or "_".join(texts["scientific_name"].split())
    return Recording(
        **texts,
        latitude=_number(known["latitude"]),
        longitude=_number(known["longitude"]),
        original_seconds=_duration(known["original_seconds"]),
        columns=row,
        place=place,
    )


def unify_labels(recordings: Sequence[Recording]) -> list[Recording]:
    """Write labels that differ in case, spaces and `_` alone as the first of them is written."""
    spellings: dict[str, str] = {}
    return [
        replace(
            recording,
            primary_label=spellings.setdefault(
                "_".join(recording.primary_label.casefold().replace("_", " ").split()),
                recording.primary_label,
            ),
        )
        for recording in recordings
    ]


def places(recordings: Sequence[Recording]) -> str:
    """Return where recordings are named, the file once: "metadata.csv, row 3, row 7 and 2 more"."""
    shown = [recording.place for recording in recordings[:LISTED_PLACES]]
    file = shown[0].rpartition(", ")[0]
    rest = [place.rpartition(", ")[2] for place in shown[1:]]
    more = f" and {len(recordings) - len(shown)} more" if len(recordings) > len(shown) else ""
    return ", ".join([shown[0], *rest] if file else shown) + more


def _no_bird_row(row: Row) -> Row:
    name = _first(row, COLUMNS["filename"])
    added = {"filename": f"{NO_BIRD}/{name}" if name else "", "primary_label": NO_BIRD}
    return {**row, **added, "source": "freesound"}


def _check(path: Path, recordings: Sequence[Recording]) -> None:
    nameless = [one for one in recordings if not one.filename or not one.primary_label]
    if nameless:
        raise ValueError(
            f"{nameless[0].place or path}: expected a filename and a primary_label in every row,"
            f" missing in {places(nameless)}"
        )
    outside = [recording for recording in recordings if _leaves(recording.filename)]
    if outside:
        raise ValueError(
            f"{outside[0].place or path}: expected filenames below the folder,"
            f" got {outside[0].filename}"
        )


def _refuse_twice(path: Path, recordings: Sequence[Recording], labels: Sequence[str]) -> None:
    """Raise ValueError where two recordings have one filename and one of `labels`."""
    same = defaultdict(list)
    for recording, label in zip(recordings, labels, strict=True):
        same[label, recording.filename].append(recording)
    for (_, name), found in same.items():
        if len(found) > 1:
            raise ValueError(
                f"{path}: expected each filename once, found twice: {name} ({places(found)})"
            )


def _leaves(name: str) -> bool:
    windows, posix = PureWindowsPath(name), PurePosixPath(name)
    return bool(windows.drive) or posix.is_absolute() or ".." in posix.parts


def _plain_path(name: str) -> str:
    """Return a path as it is written here: `/` for Windows' `\\`, no "./" before it."""
    return re.sub(r"^(\./)+", "", name.replace("\\", "/"))


def _first(row: Row, names: tuple[str, ...]) -> str:
    values = [(row.get(name) or "").strip() for name in names]
    return next((value for value in values if value.lower() not in UNKNOWN), "")


def _number(text: str) -> float | None:
    """Return a number, also with the comma of many countries and the sign of typesetters."""
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    if re.fullmatch(r"[+-]?\d+,\d+", plain):
        plain = plain.replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _duration(text: str) -> float | None:
    """Return seconds from seconds (12.5) or from xeno-canto's minutes (1:02, 1:00:02)."""
    parts = [_number(part) for part in text.split(":")]
    values = [part for part in parts if part is not None]
    if len(values) < len(parts):
        return None
    return sum(value * 60.0**power for power, value in enumerate(reversed(values)))
