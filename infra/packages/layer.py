"""The main Lambda's layer: a static ffmpeg as /opt/bin/ffmpeg, and pydub (report, 2.2).

No file in it depends on the Python version: pydub is pure Python, and /opt/python serves every runtime.
"""

import argparse
from pathlib import Path

from infra.errors import DeployError, in_a_sentence
from infra.packages import wheels, zips

ROOT = Path(__file__).parent.parent.parent
BIRDAPP = ROOT / "birdapp"
BUILD = ROOT / "build" / "packages"
# Lambda puts /opt/bin on the PATH and /opt/python on sys.path.
FFMPEG = "bin/ffmpeg"
FFMPEG_IN_WHEEL = "imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-"


def build(python: str = wheels.DEFAULT_PYTHON, folder: Path = BUILD) -> zips.Package:
    """Build the layer. Raises DeployError where a wheel is missing or is not as expected."""
    files = wheels.contents(
        wheels.download(
            [BIRDAPP / "requirements.txt", BIRDAPP / "requirements-layer.txt"], python, folder
        )
    )
    layer = {
        f"python/{name}": data
        for name, data in files.items()
        if not name.startswith("imageio_ffmpeg")
    }
    return zips.pack(folder, "ffmpeg-layer", layer | {FFMPEG: _ffmpeg(files)}, frozenset({FFMPEG}))


def _ffmpeg(files: dict[str, bytes]) -> bytes:
    found = [data for name, data in files.items() if name.startswith(FFMPEG_IN_WHEEL)]
    if len(found) != 1:
        raise DeployError(
            f"expected one {FFMPEG_IN_WHEEL}* in imageio-ffmpeg's wheel, found {len(found)}"
        )
    return found[0]


def main(argv: list[str] | None = None) -> int:
    """Build the layer and say where it lies."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--python", default=wheels.DEFAULT_PYTHON, help="the Python that runs in Lambda"
    )
    given = parser.parse_args(argv)
    return in_a_sentence(lambda: print(build(given.python)))


if __name__ == "__main__":
    raise SystemExit(main())
