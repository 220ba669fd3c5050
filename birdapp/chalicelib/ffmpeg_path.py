"""Where ffmpeg is: the one answer for the Lambda, for this machine and for every tool."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path


def find_ffmpeg() -> str:
    """Return the path of ffmpeg, from the first of these that has one.

    The setting FFMPEG_BINARY; the folder of this Python; the package imageio-ffmpeg (which is not
    imported); the PATH, last, since Debian's is too old. Raises FileNotFoundError where none has.
    """
    found = (
        os.environ.get("FFMPEG_BINARY")
        or shutil.which("ffmpeg", path=str(Path(sys.executable).parent))
        or _in_package()
        or shutil.which("ffmpeg")
    )
    if not found:
        raise FileNotFoundError("ffmpeg is missing: put it on the PATH or name it in FFMPEG_BINARY")
    return found


def _in_package() -> str | None:
    spec = find_spec("imageio_ffmpeg")
    folders = (spec and spec.submodule_search_locations) or []
    programs = (file for folder in folders for file in Path(folder).glob("binaries/ffmpeg-*"))
    return next(map(str, programs), None)
