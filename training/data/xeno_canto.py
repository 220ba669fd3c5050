"""Answers of xeno-canto's API, kept as JSON -> rows of a table."""

import json
from pathlib import Path
from typing import Any

from training.data.tables import Line, Row, read_text

LONGEST_SHOWN = 200
# Without these, in the field names of its documentation (API v3), an entry is of no use.
NEEDED = ("id", "gen", "sp")


def read_answers(path: Path) -> list[Line]:
    """Return the rows of an answer, of a list of answers (its pages), or of a list of entries.

    An entry that a second page repeats counts once. Raises OSError, ValueError.
    """
    try:
        content = json.loads(read_text(path).removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}, row {error.lineno}: expected xeno-canto's answer in JSON: {error.msg}"
        ) from error
    entries = _entries(path, content)
    lines: dict[str, Line] = {}
    for number, entry in enumerate(entries, 1):
        place = f"{path}, entry {number}"
        if not isinstance(entry, dict):
            raise ValueError(f"{place}: expected a recording, got {_shown(entry)}")
        missing = [name for name in NEEDED if entry.get(name) in (None, "")]
        if missing:
            raise ValueError(
                f"{place}: expected {', '.join(NEEDED)}, found no {', '.join(missing)}"
            )
        lines.setdefault(str(entry["id"]), Line(place, from_xeno_canto(entry)))
    if not lines:
        raise ValueError(f"{path}: expected at least one recording, found none")
    return list(lines.values())


def from_xeno_canto(entry: dict[str, Any]) -> Row:
    """Turn one entry of an answer into a row of our names."""
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


def _entries(path: Path, content: Any) -> list[Any]:
    if isinstance(content, list):
        pages = [each for each in content if isinstance(each, dict) and "id" not in each]
        if not pages:
            return content
        return [entry for page in content for entry in _entries(path, page)]
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected xeno-canto's answer, got {_shown(content)}")
    if "recordings" in content:
        recordings = content["recordings"]
        if not isinstance(recordings, list):
            raise ValueError(f"{path}: expected a list of recordings, got {_shown(recordings)}")
        return recordings
    if "error" in content:
        reason = content.get("message") or content["error"]
        raise ValueError(
            f"{path}: this is xeno-canto's error, not its recordings: {_shown(reason)};"
            " search again"
        )
    raise ValueError(f"{path}: expected recordings, found {', '.join(content) or 'nothing'}")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
