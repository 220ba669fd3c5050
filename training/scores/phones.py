"""Recordings as phones leave them: a narrow microphone, gain control, a codec of few bits."""

import subprocess
import zlib
from pathlib import Path

from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.ffmpeg_path import find_ffmpeg
from spectrogram_fn.spectrogram import SAMPLE_RATE
from training.data.shards import read_pcm

# Its gain follows within a second, as in a telephone.
LEVEL = "dynaudnorm=f=250:g=5"
# What leaves a messenger, a browser and an old phone: file's ending, filters, encoder.
KINDS = (
    (".mp3", f"highpass=f=150,lowpass=f=8000,{LEVEL}", ("-c:a", "libmp3lame", "-b:a", "64k")),
    (".webm", f"highpass=f=150,lowpass=f=8000,{LEVEL}", ("-c:a", "libopus", "-b:a", "24k")),
    (".m4a", f"highpass=f=300,lowpass=f=4000,{LEVEL}", ("-ar", "16000", "-c:a", "aac")),
)
PCM = ("-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", "pipe:0")


def copy(audio: Path, folder: Path) -> Path:
    """Write a recording, an hour at most, as a phone leaves it; its name decides of which kind.

    Raises OSError, ServiceError.
    """
    name = f"{audio.parent.name}/{audio.name}"
    ending, filters, encoder = KINDS[zlib.crc32(name.encode()) % len(KINDS)]
    target = folder / f"phone{ending}"
    command = [find_ffmpeg(), "-v", "error", "-y", *PCM, "-af", filters, *encoder, str(target)]
    made = subprocess.run(command, input=read_pcm(audio), capture_output=True, check=False)
    if made.returncode:
        raise ServiceError("undecodable_audio", detail=made.stderr.decode(errors="replace")[-300:])
    return target
