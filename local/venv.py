"""Make a virtual environment from a lock file, once: `python3 -m local.venv FOLDER REQUIREMENTS`.

A stamp in the environment names what it was made from. Only the standard library is available here.
"""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

STAMP = "made-from.txt"
# The environment with the program that fills the others.
UV, UV_REQUIREMENTS = Path(".venv-lock"), Path("requirements-lock.txt")
OLDEST_PYTHON = (3, 11)
# Standard output belongs to the one line of the app.
STANDARD_ERROR = 2
INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Make or update the environment. Return 0, or 1 after one sentence on what is wrong."""
    folder, requirements = map(Path, argv or sys.argv[1:])
    if sys.version_info < OLDEST_PYTHON:
        print(
            f"Python 3.11 or newer is needed, this is {_python()}; choose one: make PYTHON=...",
            file=sys.stderr,
        )
        return 1
    try:
        ensure(folder, requirements)
    except subprocess.CalledProcessError as error:
        failed = " ".join(map(str, error.cmd[1:]))
        print(f"Could not set up {folder}: {failed} failed.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def ensure(folder: Path, requirements: Path) -> None:
    """Make or update the environment unless its stamp fits. Raises CalledProcessError."""
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
    """Return what an environment is made from: the Python, and a digest of the lock file."""
    return [_python(), hashlib.sha256(requirements.read_bytes()).hexdigest()]


def _read_stamp(folder: Path) -> list[str]:
    """Read the stamp; empty where the environment is half-made or its Python is gone."""
    if not (folder / STAMP).exists() or not (folder / "bin" / "python").exists():
        return []
    return (folder / STAMP).read_text().split("\n")[:2]


def _install(folder: Path, requirements: Path) -> None:
    """Install the lock file; an environment of another Python, or half-made, is made anew.

    uv keeps each package unpacked, and links it into every environment that needs it.
    """
    python = folder / "bin" / "python"
    if _read_stamp(folder)[:1] != [_python()]:
        _run([sys.executable, "-m", "venv", "--clear", folder])
    # The lock names all that is needed: nothing is left to resolve.
    wanted = ("install", "--no-deps", "--require-hashes", "--requirement", requirements)
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet")
    if folder == UV:
        _run([*pip, *wanted])
        return
    ensure(UV, UV_REQUIREMENTS)
    try:
        _run([UV / "bin" / "uv", "--quiet", "pip", *wanted, "--python", python])
    except subprocess.CalledProcessError:
        # pip alone reads a pip.conf, which may name a company's mirror.
        _run([*pip, *wanted])
    _compile_quietly(folder)
    _link_ffmpeg(folder)


def _compile_quietly(folder: Path) -> None:
    """Compile what warns when it is compiled; the rest is, when it is first imported."""
    for package in folder.glob("lib/python*/site-packages/pydub"):
        _run([folder / "bin" / "python", "-W", "ignore", "-m", "compileall", "-q", package])


def _link_ffmpeg(folder: Path) -> None:
    """Link imageio-ffmpeg's ffmpeg beside Python, where birdapp finds it under `chalice local`."""
    for program in folder.glob("lib/python*/site-packages/imageio_ffmpeg/binaries/ffmpeg-*"):
        link = folder / "bin" / "ffmpeg"
        link.unlink(missing_ok=True)
        link.symlink_to(program.resolve())


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, stdout=STANDARD_ERROR)


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


if __name__ == "__main__":
    sys.exit(main())
