"""Wheels for the Lambda platform: downloaded for the Python that will run them, never installed.

Reading them instead leaves out pip's scripts, whose first line holds a path of this machine.
"""

import contextlib
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.errors import DeployError
from infra.packages import zips

# Amazon Linux 2023, which runs Python 3.12, has glibc 2.34.
PLATFORMS = [f"manylinux{glibc}" for glibc in ("_2_34", "_2_28", "_2_27", "_2_17", "2014")]
MACHINE = "x86_64"
# What runs no code: tests, caches, headers, stubs, static libraries, pip's records.
LEFT_OUT_FOLDERS = {"tests", "__pycache__", "include"}
LEFT_OUT_ENDS = (".pyc", ".pyi", ".pxd", ".pyx", ".h", ".c", ".a", "/RECORD", "/entry_points.txt")


def download(requirements: list[Path], python: str, folder: Path) -> list[Path]:
    """Download once what the files name, for Lambda. Raises DeployError where pip fails."""
    key = hashlib.sha256(b"".join(file.read_bytes() for file in requirements)).hexdigest()[:16]
    wheels = folder / f"wheels-{python}-{key}"
    if not wheels.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            _pip_download(requirements, python, Path(unfinished, "wheels"))
            # Another process may have been first; its wheels are the same ones.
            with contextlib.suppress(OSError):
                Path(unfinished, "wheels").rename(wheels)
    return sorted(wheels.glob("*.whl"))


def contents(wheels: list[Path]) -> dict[str, bytes]:
    """Return {name: content} of the one folder that all wheels would be installed into."""
    files: dict[str, bytes] = {}
    for wheel in wheels:
        files |= {name: data for name, data in zips.read(wheel).items() if is_shipped(name)}
    return files


def is_shipped(name: str) -> bool:
    folders = name.split("/")[:-1]
    return not LEFT_OUT_FOLDERS.intersection(folders) and not name.endswith(LEFT_OUT_ENDS)


def _pip_download(requirements: list[Path], python: str, folder: Path) -> None:
    platforms = [f"--platform={platform}_{MACHINE}" for platform in PLATFORMS]
    only_wheels = ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    files = [f"--requirement={file}" for file in requirements]
    command = [sys.executable, "-m", "pip", "download", "--quiet", f"--dest={folder}"]
    command += [*files, *only_wheels, *platforms]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        names = ", ".join(map(str, requirements))
        reason = " ".join(line for line in done.stderr.splitlines() if line.startswith("ERROR"))
        raise DeployError(f"pip found no wheels of {names} for Python {python}: {reason}")
