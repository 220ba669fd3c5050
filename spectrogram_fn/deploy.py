"""Build and deploy the spectrogram Lambda on its own: python -m spectrogram_fn.deploy --help.

numpy and scipy travel in the function's zip, not in a layer: one artefact that is tested as it runs, and one that
no other function shares. A layer would count against the same 250 MB.
"""

import argparse
from pathlib import Path

from deployment import archives, wheels

FOLDER = Path(__file__).parent
BUILD = FOLDER.parent / "build" / "packages"
SOURCES = ("handler.py", "spectrogram.py")
HANDLER = "handler.handler"


def build(python: str = wheels.DEFAULT_PYTHON, folder: Path = BUILD) -> archives.Package:
    """Build the function's zip for `python` ("3.12"). Raises DeployError where a wheel is missing."""
    files = wheels.contents(wheels.download([FOLDER / "requirements.txt"], python, folder))
    files |= {name: (FOLDER / name).read_bytes() for name in SOURCES}
    return archives.pack(folder, f"spectrogram-{python}", files)


def main(argv: list[str] | None = None) -> int:
    """Build the function's zip and say where it lies."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--python", default=wheels.DEFAULT_PYTHON, help="the Python that runs in Lambda")
    package = build(parser.parse_args(argv).python)
    print(f"{package.path}: {package.unpacked_bytes:,} bytes unpacked")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
