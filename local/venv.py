"""Make a virtual environment, once: `python3 -m local.venv FOLDER REQUIREMENTS`.

A stamp in the environment tells what it was made from. Only the standard library is at hand here.
"""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

STAMP = "made-from.txt"
OLDEST_PYTHON = (3, 11)
# Standard output belongs to the app's one line.
STANDARD_ERROR = 2


def main(argv: list[str] | None = None) -> int:
    """Make sure that the environment stands. Answers 0, or 1 after one sentence on what is wrong."""
    folder, requirements = map(Path, argv or sys.argv[1:])
    if sys.version_info < OLDEST_PYTHON:
        print(
            f"Python 3.11 or newer is needed, this is {_python()}; say which with: make PYTHON=...",
            file=sys.stderr,
        )
        return 1
    try:
        ensure(folder, requirements)
    except subprocess.CalledProcessError as error:
        print(
            f"Could not set up {folder}: {' '.join(map(str, error.cmd[1:]))} failed.",
            file=sys.stderr,
        )
        return 1
    return 0


def ensure(folder: Path, requirements: Path) -> None:
    """Make or update the environment where its stamp is not of these requirements. Raises CalledProcessError."""
    with requirements.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = stamp(requirements)
        if _read_stamp(folder) == wanted:
            return
        print(
            f"Setting up {folder} from {requirements}; this takes a while, but only once.",
            file=sys.stderr,
        )
        _install(folder, requirements)
        (folder / STAMP).write_text("\n".join(wanted) + "\n")


def stamp(requirements: Path) -> list[str]:
    """Tell what an environment is made from: the Python, and a hash over the requirements and all that they include."""
    digest = hashlib.sha256()
    for file in _with_included(requirements):
        digest.update(file.read_bytes())
    return [_python(), digest.hexdigest()]


def _read_stamp(folder: Path) -> list[str]:
    """Read the stamp; empty where the environment is half-made or its Python is gone."""
    if not (folder / STAMP).exists() or not (folder / "bin" / "python").exists():
        return []
    return (folder / STAMP).read_text().split("\n")[:2]


def _install(folder: Path, requirements: Path) -> None:
    """Bring the environment up to the requirements; one of another Python, or half-made, is made anew."""
    if _read_stamp(folder)[:1] != [_python()]:
        _run([sys.executable, "-m", "venv", "--clear", folder])
    pip: list[str | Path] = [
        folder / "bin" / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
    ]
    _run([*pip, "install", "--requirement", requirements])
    _link_ffmpeg(folder)


def _link_ffmpeg(folder: Path) -> None:
    """Put imageio-ffmpeg's ffmpeg beside Python, where birdapp finds it under plain `chalice local` too."""
    for program in folder.glob("lib/python*/site-packages/imageio_ffmpeg/binaries/ffmpeg-*"):
        link = folder / "bin" / "ffmpeg"
        link.unlink(missing_ok=True)
        link.symlink_to(program.resolve())


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, stdout=STANDARD_ERROR)


def _with_included(requirements: Path) -> list[Path]:
    """List a requirements file and those that it names by -r, in order."""
    lines = requirements.read_text().splitlines()
    included = [
        requirements.parent / line.removeprefix("-r ").strip()
        for line in lines
        if line.startswith("-r ")
    ]
    return [requirements, *(file for child in included for file in _with_included(child))]


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


if __name__ == "__main__":
    sys.exit(main())
