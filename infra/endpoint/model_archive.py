"""model.tar.gz: the same model packs to the same bytes, and a stranger's unpacks without harm."""

import gzip
import hashlib
import io
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from infra.errors import DeployError

# The shipped model is a few MB; the report's CNN 2 MB.
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_MEMBERS = 1_000
CHUNK_BYTES = 1024 * 1024
# TensorFlow Serving wants a number; the real version is inside the model.
VERSION_FOLDER = "1"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pack(model: Path) -> bytes:
    """Return a model's folder as tar.gz, below 1/.

    Names are sorted, times, owners and modes left out, so that equal models give equal bytes.
    """
    packed = io.BytesIO()
    # mtime 0 keeps the clock out of the gzip header.
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path in sorted(path for path in model.rglob("*") if path.is_file()):
            content = path.read_bytes()
            member = tarfile.TarInfo(f"{VERSION_FOLDER}/{path.relative_to(model).as_posix()}")
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def contents(archive: bytes) -> dict[str, bytes]:
    """Return {name: content} of what `pack` made, without folders."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        files = {Path(it.name).name: members.extractfile(it) for it in members}
        return {name: file.read() for name, file in files.items() if file}


def unpack(archive: Path, target: Path) -> None:
    """Unpack a model.tar.gz into the empty folder `target`.

    Raises DeployError on a name that leaves it, a link, a device, too many members, too many bytes,
    or no archive.
    """
    try:
        with gzip.open(archive) as zipped:
            limited = LimitedReader(zipped)
            with tarfile.open(fileobj=limited, mode="r|") as members:  # type: ignore[call-overload]
                for number, member in enumerate(members, start=1):
                    refuse_unsafe(member, number)
                    write_member(members, member, target)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise DeployError(f"{archive.name} is no readable tar.gz archive: {error}.") from error


class LimitedReader:
    """A gzip stream that ends at MAX_UNPACKED_BYTES: a small archive may unpack to terabytes."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self.stream = stream
        self.left = MAX_UNPACKED_BYTES

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes. Raises DeployError past the limit."""
        content = self.stream.read(min(size, CHUNK_BYTES))
        self.left -= len(content)
        if self.left < 0:
            raise DeployError(f"The archive unpacks to more than {MAX_UNPACKED_BYTES:,} bytes.")
        return content


def refuse_unsafe(member: tarfile.TarInfo, number: int) -> None:
    """Raise DeployError for a member that could touch anything outside the target folder."""
    name = PurePosixPath(member.name)
    if number > MAX_MEMBERS:
        raise DeployError(f"The archive has more than {MAX_MEMBERS:,} members.")
    if name.is_absolute() or ".." in name.parts or "\\" in member.name or "\0" in member.name:
        raise DeployError(f"The archive has a member that leaves its folder: {member.name!r}.")
    if not (member.isreg() or member.isdir()):
        raise DeployError(
            f"The archive has a link or a device: {member.name!r}; "
            "only files and folders may be in it."
        )


def write_member(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Write one file or folder under `target`, without the archive's owner, mode or time."""
    path = target / member.name
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    content = archive.extractfile(member)
    if content is None or path.exists():
        raise DeployError(f"The archive names {member.name!r} twice.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        while chunk := content.read(CHUNK_BYTES):
            file.write(chunk)
