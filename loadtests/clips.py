"""The recordings that a measurement sends, as MP3."""

import subprocess
from pathlib import Path

from birdapp.chalicelib.ffmpeg_path import find_ffmpeg
from infra.song import make_song

CLIP_SECONDS = 5
SAMPLE_RATE = 44_100


def mp3(recording: Path | None = None, seconds: int = CLIP_SECONDS) -> bytes:
    """Return an MP3 of the start of a recording, or of a made-up song."""
    raw = ["-f", "s16le", "-ar", str(SAMPLE_RATE), "-i", "pipe:0"]
    source = ["-i", str(recording)] if recording else raw
    song = b"" if recording else make_song(seconds, SAMPLE_RATE).tobytes()
    encoding = ["-t", str(seconds), "-ac", "1", "-b:a", "128k", "-f", "mp3", "pipe:1"]
    command = [find_ffmpeg(), "-v", "error", *source, *encoding]
    return subprocess.run(command, input=song, check=True, capture_output=True).stdout
