"""Sound files to decode: real encoders for the good ones, hand-made headers for the bad ones."""

import struct
import subprocess

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SAMPLE_RATE = 22_050
# Format -> ffmpeg's output options. What the public API lists, one each.
ENCODERS = {
    "wav": ["-c:a", "pcm_s24le", "-ar", "48000", "-f", "wav"],
    "mp3": ["-c:a", "libmp3lame", "-f", "mp3"],
    "ogg_vorbis": ["-c:a", "libvorbis", "-f", "ogg"],
    "opus": ["-c:a", "libopus", "-f", "ogg"],
    "flac": ["-c:a", "flac", "-f", "flac"],
    "m4a_aac": ["-c:a", "aac", "-f", "ipod"],
    "m4a_alac": ["-c:a", "alac", "-f", "ipod"],
    "raw_aac": ["-c:a", "aac", "-f", "adts"],
    "aiff": ["-c:a", "pcm_s24be", "-f", "aiff"],
    "webm": ["-c:a", "libopus", "-f", "webm"],
}
# Name above -> label in the table of formats.
LABELS = {
    "wav": "WAV",
    "mp3": "MP3",
    "ogg_vorbis": "OGG",
    "opus": "OGG",
    "flac": "FLAC",
    "m4a_aac": "M4A",
    "m4a_alac": "M4A",
    "raw_aac": "AAC",
    "aiff": "AIFF",
    "webm": "WebM",
}


def encode(wav, options, folder):
    """Encode the bytes of a WAV through a file, since MP4 must seek in what it writes."""
    target = folder / "encoded"
    command = [FFMPEG, "-v", "error", "-y", "-i", "pipe:0", *options, target]
    subprocess.run(command, input=wav, check=True)
    return target.read_bytes()


def make_video(folder, codec="mpeg4", container="mp4"):
    """A video without any sound."""
    target = folder / "video"
    source = ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=5"]
    subprocess.run(
        [FFMPEG, "-v", "error", "-y", *source, "-c:v", codec, "-f", container, target], check=True
    )
    return target.read_bytes()


def pcm16(samples):
    """Float samples in [-1, 1) as 16-bit PCM."""
    return (samples * 32_767).round().astype("<i2").tobytes()


def make_wav(pcm, sample_rate=SAMPLE_RATE, channels=1, bits=16, tag=1):
    """A WAV whose header says whatever it is told to."""
    frame_bytes = channels * bits // 8
    bytes_per_second = sample_rate * frame_bytes & 0xFFFFFFFF
    fmt = struct.pack(
        "<HHIIHH", tag, channels, sample_rate, bytes_per_second, frame_bytes & 0xFFFF, bits
    )
    return riff((b"fmt ", fmt), (b"data", pcm))


def riff(*chunks):
    """A RIFF WAVE file of (name, bytes) chunks."""
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def with_id3(content):
    """Put an empty ID3 tag before some bytes."""
    return b"ID3\x03\x00\x00" + bytes([0, 0, 0, 10]) + b"\0" * 10 + content
