"""The spectrogram function's zip: its two modules with numpy and scipy.

They travel in the zip, not in a layer: one artefact that is tested as it runs, and one that no other function shares.
A layer would count against the same 250 MB.
"""

from pathlib import Path

from infra.config import ROOT
from infra.packages import wheels, zips

FOLDER = ROOT / "spectrogram_fn"
BUILD = ROOT / "build" / "packages"
SOURCES = ("handler.py", "spectrogram.py")
HANDLER = "handler.handler"


def build(python: str = wheels.DEFAULT_PYTHON, folder: Path = BUILD) -> zips.Package:
    """Build the function's zip for `python` ("3.12"). Raises DeployError where a wheel is missing."""
    files = wheels.contents(wheels.download([FOLDER / "requirements.txt"], python, folder))
    files |= {name: (FOLDER / name).read_bytes() for name in SOURCES}
    return zips.pack(folder, f"spectrogram-{python}", files)
