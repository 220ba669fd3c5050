"""Labelled recordings -> those to ask a model about, with the labels that it has for them."""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from training.data import mended_labels
from training.data.audio_files import BINOMIAL, NUMBERED, find_table, walk_audio
from training.data.metadata import NO_BIRD, Recording, read_folder

SUBSPECIES = re.compile(r"(\w+ \w+) \w+")
CATALOGUE = re.compile(r"xc ?(\d+)", re.IGNORECASE)
LISTED_FILES = 3

Pair = tuple[Path, str]


@dataclass
class Found:
    """What a folder holds: pairs of file and label; what nobody knows, and how labels were read.

    `mended`: how many labels the sound contradicts (training/data/mended_labels.py); `sources`:
    where each file is from.
    """

    pairs: list[Pair] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    unlabelled: list[str] = field(default_factory=list)
    read_as: dict[str, str] = field(default_factory=dict)
    mended: dict[str, int] = field(default_factory=dict)
    sources: dict[Path, str] = field(default_factory=dict)


class Names:
    """The names by which a model's species are known, and the other species that it learnt from."""

    def __init__(
        self, labels: Sequence[str], names: Sequence[str], manifest: Sequence[Mapping[str, str]]
    ) -> None:
        self._known = {key(name): label for name, label in zip(names, labels, strict=True)}
        endings = defaultdict(set)
        for name, label in list(self._known.items()):
            words = name.split()
            for start in range(1, len(words)):
                endings[" ".join(words[start:])].add(label)
        # "Robin" is the European one where the list has no other.
        for ending, found in endings.items():
            if len(found) == 1:
                self._known.setdefault(ending, *found)
        self._known |= {key(label): label for label in labels} | {key(NO_BIRD): NO_BIRD}
        for row in manifest:
            name = row.get("scientific_name") or row.get("primary_label", "").replace("_", " ")
            for each in (name, row.get("primary_label", "")):
                self._known.setdefault(key(each), name)
        self._known.pop("", None)

    def find(self, text: str) -> str:
        """Return the label that a text names, in whatever spelling; "" where there is none."""
        for variant in _variants(text):
            if label := self._known.get(variant, ""):
                return label
        return ""

    def find_within(self, stem: str) -> str:
        """Return the label that a file's name holds, as those of xeno-canto do."""
        words = f" {key(stem)} "
        found = {label for name, label in self._known.items() if f" {name} " in words}
        return found.pop() if len(found) == 1 else ""


def read_labelled(folder: Path, names: Names, *, strangers: bool = False) -> Found:
    """Return the recordings of a folder by its table or its folders, with the model's labels.

    `strangers`: labels that nobody knows are species that the model does not know. Raises OSError,
    ValueError.
    """
    found = Found()
    if find_table(folder):
        rows = read_folder(folder)
        found.mended = mended_labels.count(rows)
        for row in mended_labels.mend(rows):
            found.sources[folder / row.filename] = source_of(row)
            texts = [row.scientific_name, row.primary_label, row.common_name]
            named = row.scientific_name if BINOMIAL.fullmatch(row.scientific_name) else ""
            label = _match(texts, names) or named
            _add(found, (folder / row.filename, label), texts, strangers=strangers)
    else:
        files = [Recording(str(path), path.parent.name) for path in walk_audio(folder)]
        found.mended = mended_labels.count(files)
        for one in mended_labels.mend(files):
            path = PurePosixPath(one.filename)
            found.sources[folder / path] = source_of(one)
            texts = [one.scientific_name] if one.scientific_name else []
            texts += [name for name in reversed(path.parts[:-1]) if not NUMBERED.fullmatch(name)]
            label = _match(texts, names) or names.find_within(path.stem)
            if not texts and not label:
                found.unlabelled.append(str(path))
                continue
            _add(found, (folder / path, label), texts or [label], strangers=strangers)
    if not found.pairs and not found.unknown:
        raise ValueError(
            f"{folder}: expected metadata.csv or <Genus_species>/ folders with audio, found"
            f" {len(found.unlabelled)} files in no such folder"
        )
    return found


def source_of(recording: Recording) -> str:
    """Return which kind of people made a recording: those of xeno-canto, iNaturalist, or others."""
    origin = f"{recording.url} {recording.source}".lower()
    if "inaturalist" in origin:
        return "iNaturalist"
    name = PurePosixPath(recording.filename).name
    known = recording.xc_id or "xeno-canto" in origin or CATALOGUE.match(name)
    return "xeno-canto" if known else "others"


def held_back(pairs: Sequence[Pair], model: Path) -> list[Pair]:
    """Return the recordings that a model neither learnt from nor was calibrated on."""
    parts: dict[str, str] = {}
    for row in read_manifest(model):
        path = PurePosixPath(row["recording_id"]).with_suffix("")
        labels = (row.get("primary_label", ""), row.get("scientific_name", ""))
        named = [_of_species(label, path.name) for label in labels if label]
        number = [f"xc {row['xc_id']}"] if row.get("xc_id") else []
        for identity in [str(path), *named, *number]:
            # Of two with one name, the one that was learnt from counts.
            if parts.get(identity, "test") == "test":
                parts[identity] = row["part"]
    return [
        (path, label)
        for path, label in pairs
        if next((parts[one] for one in _identities(path, label) if one in parts), "test") == "test"
    ]


def read_manifest(model: Path) -> list[dict[str, str]]:
    """Return the rows of a model's manifest, which names what it learnt from; none without one."""
    manifest = model / "manifest.csv"
    if not manifest.exists():
        return []
    with manifest.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def key(text: str) -> str:
    """Return a name without accents, case, `_` and signs: names with one key are the same."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", plain.replace("'", "")))


def _add(found: Found, pair: Pair, texts: Sequence[str], *, strangers: bool) -> None:
    path, label = pair
    text = next((text for text in texts if text), "")
    if not label and not strangers:
        found.unknown[text] += 1
        return
    if label and key(label) != key(text):
        found.read_as[text] = label
    found.pairs.append((path, label or text.replace("_", " ")))


def _match(texts: Sequence[str], names: Names) -> str:
    return next((label for label in map(names.find, texts) if label), "")


def _variants(text: str) -> Iterator[str]:
    """Return the keys of a text, of its halves ("Turdus merula_Blackbird"), of its species."""
    yield key(text)
    for half in text.split("_") if " " in text else ():
        yield key(half)
    if found := SUBSPECIES.fullmatch(key(text)):
        yield found[1]


def _identities(path: Path, label: str) -> Iterator[str]:
    """Return what a recording may be called in a manifest, in any format: the surest first."""
    parts = path.with_suffix("").parts
    for count in range(len(parts), 0, -1):
        yield "/".join(parts[-count:])
    yield _of_species(label, path.stem)
    if found := CATALOGUE.match(path.stem):
        yield f"xc {found[1]}"


def _of_species(label: str, stem: str) -> str:
    return f"{key(label)}/{stem}"
