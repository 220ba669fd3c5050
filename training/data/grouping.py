"""Which recordings must stay on one side of the split: of one recordist, source, URL or file."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from training.data.metadata import ADDED, NO_BIRD, Recording, places

# Names at least this long also match with one letter lost, as tables lose them ("Patrik berg").
FUZZY_LETTERS = 8
# What ties recordings; all but the first let the scores flatter.
SPLITS = ("recordist", "day", "recording")


def group_recordings(recordings: Sequence[Recording], split_by: str = SPLITS[0]) -> list[int]:
    """Return the group of each recording: two that share a key are in one, however long the chain.

    Rather too large groups than a recordist on two sides: people of one family name count as one.
    Raises ValueError where `split_by` is day and a recording has none.
    """
    if split_by == "day":
        undated = [one for one in recordings if not one.date and not one.freesound_id]
        if undated:
            raise ValueError(
                f"{places(undated)}: --split-by day needs a column date; found none or an empty one"
            )
    parent = list(range(len(recordings)))
    owner: dict[str, int] = {}
    for index, recording in enumerate(recordings):
        for key in keys(recording, split_by):
            parent[_root(parent, index)] = _root(parent, owner.setdefault(key, index))
    roots = [_root(parent, index) for index in range(len(recordings))]
    number = {root: position for position, root in enumerate(dict.fromkeys(roots))}
    return [number[root] for root in roots]


def keys(recording: Recording, split_by: str = SPLITS[0]) -> set[str]:
    """Return all that ties this recording to others: its maker or else its origin, and its file.

    Nobody knows who made those of an added folder: were they one group, it could not be split.
    """
    found = {f"url {recording.url}"} if recording.url else set()
    if recording.xc_id:
        found.add(f"xc {recording.xc_id}")
    if recording.freesound_id and not recording.recordist:
        found.add(f"freesound {recording.freesound_id}")
    if split_by == "recording" or (recording.source == ADDED and not recording.recordist):
        return found or {f"file {recording.filename}"}
    if split_by == "day" and recording.date:
        return found | {f"on {recording.date}"}
    if recording.recordist:
        return found | {f"by {key}" for key in person_keys(recording.recordist)}
    if recording.freesound_id:
        return found
    if recording.primary_label == NO_BIRD:
        return found | {f"cut from {_file_of_clip(recording.filename)}"}
    return found | {f"from {recording.source}"}


def _file_of_clip(name: str) -> str:
    """Return the file that a clip was cut from: its name without its number ("rain/roof-2.ogg")."""
    path = PurePosixPath(name)
    return str(path.with_name(re.sub(r"[-_ ]?\d*$", "", path.stem) or "clips"))


def person_keys(name: str) -> set[str]:
    """Return keys of a recordist's name that its other spellings share.

    Repairs text that was read in the wrong encoding and drops accents, case and remarks in
    brackets. Returns the family name, the sorted names, and these with any one letter missing.
    """
    words = _words(name)
    if not words:
        return {name}
    joined = " ".join(sorted(words))
    found = {joined, words[-1]}
    if len(joined) >= FUZZY_LETTERS:
        found |= {joined[:place] + joined[place + 1 :] for place in range(len(joined))}
    return found


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", _repair(name).casefold())
    plain = re.sub(r"\(.*?\)", " ", plain)
    family, comma, given = plain.partition(",")
    letters = "".join(
        letter
        for letter in (f"{given} {family}" if comma else plain)
        if not unicodedata.combining(letter)
    )
    words = re.findall(r"\w+", letters)
    # Initials come and go between tables.
    return [word for word in words if len(word) > 1] or words


def _repair(name: str) -> str:
    """Undo UTF-8 that was read as Latin-1 or Windows-1252 ("JosÃ©")."""
    for encoding in ("cp1252", "latin-1"):
        try:
            return name.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return name


def _root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index
