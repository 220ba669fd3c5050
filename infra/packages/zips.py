"""Zips of the same files are the same, byte for byte, wherever and whenever they are packed."""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# The oldest time a zip can hold: a real one would make every build a new package.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644
RUNNABLE = 0o755
REGULAR_FILE = 0o100000
# Three times as quick as zlib's own choice, an eighth larger.
QUICK = 1
# Lambda's limit for a function and its layers together, unpacked.
UNPACKED_LIMIT_BYTES = 262_144_000


@dataclass(frozen=True)
class Package:
    """A zip on this machine; `digest` is of the files inside: compressed bytes depend on zlib."""

    path: Path
    digest: str
    unpacked_bytes: int

    def __str__(self) -> str:
        return f"{self.path}: {self.unpacked_bytes:,} bytes unpacked"

    @property
    def key(self) -> str:
        """The object's name in the code bucket: the same content has the same name."""
        return f"code/{self.path.name}"


def pack(
    folder: Path, stem: str, files: Mapping[str, bytes], runnable: frozenset[str] = frozenset()
) -> Package:
    """Write files {name in the zip: content} to folder/stem-DIGEST.zip, unless it exists."""
    digest = _digest(files, runnable)
    path = folder / f"{stem}-{digest[:16]}.zip"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                mode = RUNNABLE if name in runnable else READABLE
                archive.writestr(_info(name, mode), files[name], compresslevel=QUICK)
        unfinished.replace(path)
    return Package(path, digest, sum(map(len, files.values())))


def read(archive: Path) -> dict[str, bytes]:
    """Return {name: content} of a zip or wheel, folders left out."""
    with zipfile.ZipFile(archive) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist() if not info.is_dir()}


def _digest(files: Mapping[str, bytes], runnable: frozenset[str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{name in runnable}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def _info(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, TIMESTAMP)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix: otherwise the mode is not read.
    info.external_attr = (REGULAR_FILE | mode) << 16
    return info
