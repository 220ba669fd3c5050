"""Metadata tables of three forms (ours, Kaggle BirdCLEF's, xeno-canto's) -> recordings of one form."""

import csv
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, str]

# What a column that we need is called in each form; the first one that is there and not empty counts.
COLUMNS = {
    "filename": ("filename",),
    "primary_label": ("primary_label", "ebird_code"),
    "scientific_name": ("scientific_name", "sci_name"),
    "common_name": ("common_name", "en"),
    "recordist": ("recordist", "author", "rec"),
    "source": ("source", "collection"),
    "url": ("url",),
    "xc_id": ("xc_id", "id"),
    "freesound_id": ("freesound_id",),
    "license": ("license", "lic"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng"),
    # The length before anyone cut it is the one that a filter means.
    "original_seconds": ("original_seconds", "duration", "length", "seconds"),
    "file_url": ("file",),
}
# How the tables write "not known".
UNKNOWN = {"", "-", "unknown", "nan", "none"}
NO_BIRD = "no_bird"


@dataclass(frozen=True)
class Recording:
    """One recording: the columns that we use, and every column of its row. Unknown text is ""."""

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
    file_url: str = ""
    latitude: float | None = None
    longitude: float | None = None
    original_seconds: float | None = None
    columns: Row = field(default_factory=dict)


def read_metadata(path: Path) -> list[Recording]:
    """Read a .csv or xeno-canto's .json. Raises ValueError where a row is not usable."""
    rows = _read_json(path) if path.suffix == ".json" else _read_csv(path)
    recordings = [to_recording(row) for row in rows]
    _check(path, recordings)
    return recordings


def read_folder(folder: Path) -> list[Recording]:
    """Read DIR/metadata.csv, and DIR/no_bird/metadata.csv where there is one: its clips hold no bird."""
    recordings = read_metadata(folder / "metadata.csv")
    no_bird = folder / NO_BIRD / "metadata.csv"
    if no_bird.exists():
        recordings += [to_recording(_no_bird_row(row)) for row in _read_csv(no_bird)]
    _check(folder, recordings)
    return recordings


def to_recording(row: Row) -> Recording:
    """Turn one row of any of the forms into a recording. A number that is none becomes None."""
    known = {name: _first(row, names) for name, names in COLUMNS.items()}
    texts = {
        name: text
        for name, text in known.items()
        if name not in ("latitude", "longitude", "original_seconds")
    }
    return Recording(
        **texts,
        latitude=_number(known["latitude"]),
        longitude=_number(known["longitude"]),
        original_seconds=_duration(known["original_seconds"]),
        columns=row,
    )


def from_xeno_canto(entry: dict[str, Any]) -> Row:
    """Turn one entry of xeno-canto's answer (API v3, field names of its documentation) into a row."""
    row = {
        name: str(value) for name, value in entry.items() if isinstance(value, str | int | float)
    }
    label = f"{row.get('gen', '')}_{row.get('sp', '')}"
    row["primary_label"] = label
    row["scientific_name"] = label.replace("_", " ")
    suffix = Path(row.get("file-name", "")).suffix.lower() or ".mp3"
    row["filename"] = f"{label}/XC{row.get('id', '')}{suffix}"
    row["source"] = "xeno-canto"
    if row.get("url", "").startswith("//"):
        row["url"] = "https:" + row["url"]
    return row


def _read_csv(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _read_json(path: Path) -> list[Row]:
    content = json.loads(path.read_text(encoding="utf-8"))
    entries: Iterable[dict[str, Any]] = (
        content["recordings"] if isinstance(content, dict) else content
    )
    return [from_xeno_canto(entry) for entry in entries]


def _no_bird_row(row: Row) -> Row:
    return {
        **row,
        "filename": f"{NO_BIRD}/{row['filename']}",
        "primary_label": NO_BIRD,
        "source": "freesound",
    }


def _check(path: Path, recordings: list[Recording]) -> None:
    names = [recording.filename for recording in recordings]
    if not names:
        raise ValueError(f"{path}: expected at least one recording, found none")
    if not all(names) or not all(recording.primary_label for recording in recordings):
        raise ValueError(f"{path}: expected a filename and a primary_label in every row")
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in names):
        raise ValueError(f"{path}: expected filenames below the folder")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(
            f"{path}: expected each filename once, found twice: {', '.join(twice[:5])}"
        )


def _first(row: Row, names: tuple[str, ...]) -> str:
    values = [(row.get(name) or "").strip() for name in names]
    return next((value for value in values if value.lower() not in UNKNOWN), "")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _duration(text: str) -> float | None:
    """Read seconds (12.5) or xeno-canto's minutes (1:02, 1:00:02)."""
    parts = [_number(part) for part in text.split(":")]
    values = [part for part in parts if part is not None]
    if len(values) < len(parts):
        return None
    return sum(value * 60.0**power for power, value in enumerate(reversed(values)))
