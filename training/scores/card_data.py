"""What a model card says of the data: counts, origin, split, licence, as the dataset has them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from training.data.metadata import ADDED, NO_BIRD
from training.data.teachers import TEACHERS, Teacher

# Europe and its surroundings, in degrees, as the filter of archives has them.
EUROPE = {"latitude": (35.0, 70.0), "longitude": (-10.0, 60.0)}
WINDOW_SECONDS = 5
# What most recordings must be for the card to say it of all.
MOST = 0.5
USES = {
    "train": "learning",
    "calibration": "temperature, pooling curve and thresholds",
    "test": "the scores below; the rules of the answer were chosen with these in sight",
}
SPLITS = {
    "recordist": "No recordist, and no source of recordings without a recordist, is in two parts.",
    "day": (
        "**The scores below flatter.** No day is in two parts, but a recordist may be: the model"
        " was scored on microphones and places that it learnt from."
    ),
    "recording": (
        "**The scores below flatter.** No recording is in two parts, but a recordist and a day may"
        " be: the model was scored on microphones, places and even birds that it learnt from."
    ),
}
NON_COMMERCIAL = """The code is Apache-2.0. These weights are not: {count} of the recordings are
under a Creative Commons licence that forbids commercial use{unknown}.
**Use this model for non-commercial purposes only.** A model that you train on your own recordings
(`make train RECORDINGS=DIR`) is free of this."""
UNKNOWN = ", and the licences of {count} others are unknown"
UNSAID = """The code is Apache-2.0. What licence the recordings are under is not known for {count}
of them: whether the weights may be used commercially depends on it."""
FREE = """The code is Apache-2.0, and no recording is under a licence that forbids commercial use:
the weights are free, but for what the licences in `manifest.csv` ask, such as naming recordists."""
OWN = """The code is Apache-2.0. No licence is named for any recording: where the recordings are
your own, the weights are free."""


FOLDS = "Every recording was learnt from. No recordist, and no source, is in two folds."
ADDED_ONES = """**The scores of species in added folders flatter.** Nobody knows who made these
{count} recordings: each was split as if by a recordist of its own."""
TAUGHT = """It also learnt from the scores of {name} ({makers}; {url}), which are under
{licence}. **The weights are under {licence} as well**: name {name} and its makers where you pass
them on."""
NOTICE = """This model learnt from the scores of {name}
by the {makers}
({url}), under {licence}.
The weights in this folder are under {licence} as well.
"""


def describe(rows: Sequence[Mapping[str, str]], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card's fields on the data: `rows` of manifest.csv, `data` of dataset.json."""
    listed = {one["primary_label"] for one in data["species"]}
    labels = Counter(row["primary_label"] for row in rows)
    others = len(labels.keys() - listed - {NO_BIRD})
    european = _is_european(rows)
    parts = {row["part"] for row in rows}
    return {
        "recordings": len(rows),
        "length": _length(sum(data["counts"]["windows"].values()) * WINDOW_SECONDS / 60),
        "all_species": len(labels.keys() - {NO_BIRD}),
        "no_bird": " and of sounds without a bird" if labels[NO_BIRD] else "",
        "origin": _origin(rows),
        "minimum": data["options"]["min_recordings"],
        "others": "; the others taught it what it does not know" if others else "",
        "parts": "\n".join(_part(rows, listed, part) for part in USES if part in parts),
        "split": _split(data["options"].get("split_by", "recordist"), parts) + _added(rows),
        "licence": _licence(rows) + _taught(rows),
        "place": ", recorded in Europe" if european else "",
        "elsewhere": "outside Europe" if european else "other places than it learnt from",
        "commercially": _commercially(rows),
    }


def _split(split_by: str, parts: set[str]) -> str:
    if len(parts) > 1:
        return SPLITS[split_by]
    return FOLDS + ("" if split_by == "recordist" else f"\n{SPLITS[split_by]}")


def _added(rows: Sequence[Mapping[str, str]]) -> str:
    count = sum(row.get("source") == ADDED for row in rows)
    return f"\n{ADDED_ONES.format(count=count)}" if count else ""


def teacher(rows: Sequence[Mapping[str, str]]) -> Teacher | None:
    """Return the network whose scores a model learnt from, where its manifest names one."""
    names = {row.get("teacher", "") for row in rows} & set(TEACHERS)
    return TEACHERS[names.pop()] if names else None


def notice(one: Teacher) -> str:
    """Return what whoever passes on a model that learnt from a teacher must pass on with it."""
    return NOTICE.format(**asdict(one))


def _taught(rows: Sequence[Mapping[str, str]]) -> str:
    found = teacher(rows)
    return f"\n\n{TAUGHT.format(**asdict(found))}" if found else ""


def _part(rows: Sequence[Mapping[str, str]], listed: set[str], part: str) -> str:
    counts = Counter(row["primary_label"] for row in rows if row["part"] == part)
    return f"| {part} | {counts.total()} | {sum(counts[one] for one in listed)} | {USES[part]} |"


def _length(minutes: float) -> str:
    return f"{minutes / 60:.1f} hours" if minutes >= 60 else f"{minutes:.0f} minutes"


def _origin(rows: Sequence[Mapping[str, str]]) -> str:
    count = sum(bool(row.get("xc_id")) or "xeno-canto" in row.get("source", "") for row in rows)
    if not count:
        return ""
    return f", {'mostly ' if count > MOST * len(rows) else f'{count} of them '}from xeno-canto"


def _is_european(rows: Sequence[Mapping[str, str]]) -> bool:
    """Return whether most recordings say where they are from, and all of these are from Europe."""
    placed = [row for row in rows if row.get("latitude") and row.get("longitude")]
    if len(placed) <= MOST * len(rows):
        return False
    return all(
        low < _degrees(row[name]) < high for row in placed for name, (low, high) in EUROPE.items()
    )


def _degrees(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


def _forbidding(rows: Sequence[Mapping[str, str]]) -> int:
    return sum(_says_nc(row.get("license", "")) for row in rows)


def _says_nc(licence: str) -> bool:
    words = licence.lower().replace("_", "-").replace(" ", "-")
    return "by-nc" in words or "noncommercial" in words or "non-commercial" in words


def _licence(rows: Sequence[Mapping[str, str]]) -> str:
    unknown = sum(_is_unknown(row.get("license", "")) for row in rows)
    if count := _forbidding(rows):
        return NON_COMMERCIAL.format(
            count=count, unknown=UNKNOWN.format(count=unknown) if unknown else ""
        )
    if not any(row.get("license", "").strip() for row in rows) and not _origin(rows):
        return OWN
    return UNSAID.format(count=unknown) if unknown else FREE


def _is_unknown(licence: str) -> bool:
    return not licence.strip() or licence.strip().lower().startswith("unknown")


def _commercially(rows: Sequence[Mapping[str, str]]) -> str:
    return "- Commercially: see the licence.\n" if _forbidding(rows) else ""
