"""The recording that a measurement sends: five seconds of MP3."""

import subprocess
from pathlib import Path

import imageio_ffmpeg

CLIP_SECONDS = 5
# A whistle that falls from 5 to 3 kHz, over and over, in some noise.
SONG = "aevalsrc='0.3*sin(2*PI*(5000-1000*mod(t,1))*mod(t,1))+0.01*(random(0)-0.5)':s=44100"


def mp3(recording: Path | None = None) -> bytes:
    """Make the MP3 from the start of a recording, or from a made-up song."""
    source = ["-i", str(recording)] if recording else ["-f", "lavfi", "-i", SONG]
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        *source,
        "-t",
        str(CLIP_SECONDS),
        "-ac",
        "1",
    ]
    made = subprocess.run(
        [*command, "-b:a", "128k", "-f", "mp3", "pipe:1"], check=True, capture_output=True
    )
    return made.stdout
