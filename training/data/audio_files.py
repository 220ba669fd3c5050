"""A folder of recordings as people keep it -> its table, its audio, its folders by species."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from pathlib import Path, PurePosixPath

from birdapp.chalicelib.formats import SUFFIXES
from training.data.tables import Line

# Ours, and what Kaggle's competitions of 2021 to 2024, and that of 2020, call theirs.
TABLES = ("metadata.csv", "train_metadata.csv", "train.csv")
# "Turdus merula_Common Blackbird", as BirdNET has it.
BIRDNET = re.compile(r"([^\W\d_]+ [^\W\d_-]+(?: [^\W\d_-]+)?)_(.+)")
BINOMIAL = re.compile(r"[A-Z][a-z]+[ _][a-z-]+([ _].*)?")
# Folders by year, day or number say nothing of the species.
NUMBERED = re.compile(r"[\d\W_]+")
LISTED_FILES = 5


def find_table(folder: Path) -> Path | None:
    """Return the table of a folder, whatever the case of its name; None where there is none."""
    if not folder.is_dir():
        return None
    names = {path.name.lower(): path for path in sorted(folder.iterdir(), reverse=True)}
    return next((names[name] for name in TABLES if name in names and names[name].is_file()), None)


def walk_audio(folder: Path) -> Iterator[PurePosixPath]:
    """Return the paths of audio below a folder, sorted; hidden ones and linked folders left out."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield PurePosixPath(Path(root, name).relative_to(folder).as_posix())


def find_audio(folder: Path, wanted: Sequence[tuple[str, str]]) -> list[str]:
    """Return for each (name, label) of a table the path of its file below `folder`.

    A name may differ from the file's in case, spaces and Unicode form, and lack the folders before
    it, as Kaggle's do, where one file alone fits. One that is nowhere is returned as it is.
    """
    if all(os.path.exists(folder / name) for name, _ in wanted):  # noqa: PTH110 (names of any length)
        return [name for name, _ in wanted]
    by_name = defaultdict(list)
    for path in walk_audio(folder):
        by_name[_key(path.name)].append(path)
    return [_find(folder, by_name, name, label) for name, label in wanted]


def read_folders(folder: Path) -> list[Line]:
    """Return a row for each audio file in a folder named by species. Raises ValueError without any.

    Files in no such folder are left out.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: expected a folder of recordings, found none")
    lines = []
    for path in walk_audio(folder):
        if label := species_folder(path):
            cells = {"filename": str(path), **_names(label), "source": "folder"}
            lines.append(Line(f"{folder}, {path}", cells))
    if not lines:
        raise ValueError(
            f"{folder}: expected metadata.csv, or folders with audio named by species, such as"
            " Turdus_merula/"
        )
    return lines


def read_other_folders(folder: Path, known: Container[str]) -> list[Line]:
    """Return a row for each audio file in folders named by species that `known` lacks.

    These are what somebody put beside the folders of a table.
    """
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    return [
        Line(f"{folder}, {name}/{path}", {"filename": f"{name}/{path}", **_names(name)})
        for name in names
        if BINOMIAL.fullmatch(name) and name not in known
        for path in walk_audio(folder / name)
    ]


def species_folder(path: PurePosixPath) -> str:
    """Return the folder of a path that names a species: the last scientific name, or the first that
    is no number; "" where there is none."""
    folders = [name for name in path.parts[:-1] if not NUMBERED.fullmatch(name)]
    scientific = [name for name in folders if BINOMIAL.fullmatch(name)]
    return scientific[-1] if scientific else (folders or [""])[0]


def _names(folder: str) -> dict[str, str]:
    plain = " ".join(folder.replace("_", " ").split())
    plain = plain[:1].upper() + plain[1:]
    found = BIRDNET.fullmatch(folder)
    scientific, common = (found[1], found[2]) if found else (plain, "")
    if folder == "no_bird":
        return {"primary_label": folder}
    return {
        "primary_label": "_".join(scientific.split()),
        "scientific_name": scientific,
        "common_name": common,
    }


def _find(folder: Path, by_name: dict[str, list[PurePosixPath]], name: str, label: str) -> str:
    if os.path.exists(folder / name):  # noqa: PTH110 (a name may be too long to ask for)
        return name
    keys = [_key(part) for part in PurePosixPath(name).parts]
    fitting = [path for path in by_name.get(keys[-1] if keys else "", []) if _ends(path, keys)]
    of_label = [path for path in fitting if _ends(path, [_key(label), *keys])]
    best = of_label if len(of_label) == 1 else fitting
    return str(best[0]) if len(best) == 1 else name


def _ends(path: PurePosixPath, keys: Sequence[str]) -> bool:
    return [_key(part) for part in path.parts[-len(keys) :]] == list(keys)


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
