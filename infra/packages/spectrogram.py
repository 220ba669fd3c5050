"""The spectrogram function's zip: its two modules with numpy and scipy.

They travel in the zip, not in a layer: one artefact that is tested as it runs, and that no other
function shares. A layer would count against the same 250 MB.
"""

from pathlib import Path

from infra import config
from infra.packages import wheels, zips

FOLDER = config.ROOT / "spectrogram_fn"
SOURCES = ("handler.py", "spectrogram.py")


def build(python: str = wheels.DEFAULT_PYTHON, folder: Path = config.PACKAGES) -> zips.Package:
    """Build the function's zip for `python` ("3.12"). Raises DeployError where a wheel is missing.

    The zip's name holds the Python, which decides on the compiled files.
    """
    files = wheels.contents(wheels.download([FOLDER / "requirements.txt"], python, folder))
    files |= {name: (FOLDER / name).read_bytes() for name in SOURCES}
    return zips.pack(folder, f"spectrogram-{python}", files)
