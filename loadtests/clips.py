"""The recordings that a measurement sends."""

import subprocess
from pathlib import Path

from birdapp.chalicelib.ffmpeg_path import find_ffmpeg
from infra.song import make_song

CLIP_SECONDS = 5
SAMPLE_RATE = 44_100


def mp3(recording: Path | None = None, seconds: int = CLIP_SECONDS) -> bytes:
    """Return an MP3 of the start of a recording, or of a made-up song."""
    return encode(["-b:a", "128k", "-f", "mp3"], recording, seconds)


def wav(seconds: int = CLIP_SECONDS) -> bytes:
    """Return a WAV of a made-up song, as a recorder writes it: 16 bits, 44.1 kHz."""
    return encode(["-f", "wav"], None, seconds)


def encode(format_options: list[str], recording: Path | None, seconds: int) -> bytes:
    """Return the start of a recording, or of a made-up song, in one channel of a format."""
    raw = ["-f", "s16le", "-ar", str(SAMPLE_RATE), "-i", "pipe:0"]
    source = ["-i", str(recording)] if recording else raw
    song = b"" if recording else make_song(seconds, SAMPLE_RATE).tobytes()
    encoding = ["-t", str(seconds), "-ac", "1", *format_options, "pipe:1"]
    command = [find_ffmpeg(), "-v", "error", *source, *encoding]
    return subprocess.run(command, input=song, check=True, capture_output=True).stdout
