"""The recordings that a measurement sends."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

from birdapp.chalicelib.ffmpeg_path import find_ffmpeg
from infra.song import make_song

CLIP_SECONDS = 5
SAMPLE_RATE = 44_100
# Format -> ffmpeg's output options; at 32 kHz, 60 s without loss are below 4 MiB.
FORMATS = {
    "wav": ["-ar", "32000", "-f", "wav"],
    "mp3": ["-b:a", "128k", "-f", "mp3"],
    "ogg": ["-c:a", "libvorbis", "-f", "ogg"],
    "opus": ["-c:a", "libopus", "-f", "ogg"],
    "flac": ["-ar", "32000", "-c:a", "flac", "-f", "flac"],
    "m4a": ["-c:a", "aac", "-f", "ipod"],
    "aac": ["-c:a", "aac", "-f", "adts"],
    "aiff": ["-ar", "32000", "-f", "aiff"],
    "webm": ["-c:a", "libopus", "-f", "webm"],
}


def mp3(recording: Path | None = None, seconds: int = CLIP_SECONDS) -> bytes:
    """Return an MP3 of the start of a recording, or of a made-up song."""
    return encode(FORMATS["mp3"], recording, seconds)


def wav(seconds: int = CLIP_SECONDS) -> bytes:
    """Return a WAV of a made-up song, as a recorder writes it: 16 bits, 44.1 kHz."""
    return encode(["-f", "wav"], None, seconds)


def of(name: str, seconds: int = CLIP_SECONDS) -> bytes:
    """Return a made-up song in one of FORMATS."""
    return encode(FORMATS[name], None, seconds)


def encode(format_options: list[str], recording: Path | None, seconds: int) -> bytes:
    """Return the start of a recording, or of a made-up song, in one channel of a format.

    Through a file, since M4A must seek in what it writes.
    """
    raw = ["-f", "s16le", "-ar", str(SAMPLE_RATE), "-i", "pipe:0"]
    source = ["-i", str(recording)] if recording else raw
    song = b"" if recording else _song(seconds)
    encoding = ["-t", str(seconds), "-ac", "1", *format_options]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "clip")
        command = [find_ffmpeg(), "-v", "error", *source, *encoding, str(target)]
        subprocess.run(command, input=song, check=True)
        return target.read_bytes()


@cache
def _song(seconds: int) -> bytes:
    return make_song(seconds, SAMPLE_RATE).tobytes()
