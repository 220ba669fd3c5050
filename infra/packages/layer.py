"""The main Lambda's layer: a static ffmpeg as /opt/bin/ffmpeg, and pydub (report, 2.2).

No file in it depends on the Python version: pydub is pure Python, and /opt/python serves every
runtime.
"""

from pathlib import Path

from infra import config
from infra.errors import DeployError
from infra.packages import wheels, zips

# Lambda puts /opt/bin on the PATH and /opt/python on sys.path.
FFMPEG = "bin/ffmpeg"
FFMPEG_IN_WHEEL = "imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-"


def build(python: str = wheels.DEFAULT_PYTHON, folder: Path = config.PACKAGES) -> zips.Package:
    """Build the layer. Raises DeployError where a wheel is missing or is not as expected."""
    requirements = ("requirements.txt", "requirements-layer.txt")
    files = wheels.contents(
        wheels.download([config.BIRDAPP / name for name in requirements], python, folder)
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
            f"Expected one {FFMPEG_IN_WHEEL}* in imageio-ffmpeg's wheel, found {len(found)}."
        )
    return found[0]
