"""Sounds of the kinds that people have, each with what the API and the page must say of it.

Made from the song that ships: in every channel, level and beginning that goes wrong elsewhere.
"""

import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sounds

SAMPLE = Path(__file__).parent.parent / "frontend" / "samples" / "blue-tit.mp3"
# Eight channels of it are below the API's 4 MiB.
RATE = 32_000
SECONDS = 6
FLOAT = 3
# What is expected where the song is heard: a bird, and the first species that its plain WAV gets,
# about as likely, whatever the model calls it. Otherwise it is the code of the error.
HEARD = "heard"


@dataclass(frozen=True)
class Case:
    """A file made from samples [n] in a folder, what is expected of it, and how long it lasts."""

    name: str
    make: Callable[[np.ndarray, Path], bytes]
    expected: str = HEARD
    seconds: float = SECONDS


def song():
    """The first seconds of the song that ships, as float samples at RATE."""
    raw = ["-t", str(SECONDS), "-ac", "1", "-ar", str(RATE), "-f", "f32le", "pipe:1"]
    command = [sounds.FFMPEG, "-v", "error", "-i", SAMPLE, *raw]
    samples = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, "<f4")
    return samples[: RATE * SECONDS] * (0.5 / np.abs(samples).max())


def wav(*channels):
    """A WAV of 16 bits."""
    return sounds.make_wav(sounds.pcm16(np.stack(channels, axis=1).ravel()), RATE, len(channels))


def wav24(samples):
    whole = np.round(samples * 2**23).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3]
    return sounds.make_wav(whole.tobytes(), RATE, bits=24)


def wav_float(samples):
    return sounds.make_wav(samples.astype("<f4").tobytes(), RATE, bits=32, tag=FLOAT)


def in_channel(place, count):
    """The song in one of the channels alone."""
    silence = np.zeros(RATE * SECONDS)

    def make(samples, _folder):
        return wav(*(samples if number == place else silence for number in range(count)))

    return Case(f"channel {place + 1} of {count}", make)


def canceling(count):
    """The song in all channels, every other one upside down."""
    return Case(
        f"{count} channels that cancel",
        lambda samples, _folder: wav(*(samples * (-1) ** number for number in range(count))),
    )


def encoded(name):
    """The song in a listed format; lossy ones pad."""
    return Case(
        name,
        lambda samples, folder: sounds.encode(wav(samples), sounds.ENCODERS[name], folder),
    )


def at_level(name, write, decibels, expected=HEARD):
    return Case(
        f"{name} at {decibels} dB",
        lambda samples, _folder: write(samples * 10 ** (decibels / 20)),
        expected,
    )


def behind(name, junk):
    """A bare MP3 behind bytes that are none."""
    bare = ["-c:a", "libmp3lame", "-b:a", "96k", "-id3v2_version", "0", "-write_xing", "0"]
    return Case(
        f"MP3 behind {name}",
        lambda samples, folder: junk + sounds.encode(wav(samples), [*bare, "-f", "mp3"], folder),
    )


def of_codec(name, options):
    return Case(
        name,
        lambda samples, folder: sounds.encode(wav(samples), options, folder),
        "unsupported_audio",
    )


def chained(samples, folder):
    links = [sounds.encode(wav(samples), sounds.ENCODERS["ogg_vorbis"], folder) for _ in range(2)]
    return b"".join(links)


def with_holes(samples, _folder):
    """Some samples that are no number."""
    spoilt = samples.astype("<f4").copy()
    spoilt[[1_000, 50_000, 90_000]] = np.nan, np.inf, -np.inf
    return wav_float(spoilt)


def of_bytes(name, data, expected):
    return Case(name, lambda _samples, _folder: data, expected)


APE_TAG = b"APETAGEX" + struct.pack("<IIII", 2_000, 32, 0, 0xA0000000) + bytes(8) + b"x" * 2_000
NO_NUMBERS = np.full(RATE, np.nan)
CASES = [
    *(in_channel(place, count) for count in (2, 3, 4, 6, 8) for place in {0, count - 2, count - 1}),
    *(canceling(count) for count in (2, 4, 8)),
    *(encoded(name) for name in sounds.ENCODERS),
    *(at_level("24 bits", wav24, decibels) for decibels in (0, -40, -60)),
    *(at_level("float", wav_float, decibels) for decibels in (40, 0, -40, -80, -100)),
    at_level("16 bits", wav, -30),
    at_level("16 bits", wav, -90, "silent_audio"),
    Case("a float WAV with holes", with_holes),
    Case("two Ogg files joined", chained, seconds=2 * SECONDS),
    *(
        behind(name, junk)
        for name, junk in {
            "zeros": bytes(5_000),
            "a line of text": b"ICY 200 OK\r\n\r\n",
            "an APE tag": APE_TAG,
        }.items()
    ),
    of_codec("MP2 in WAV", ["-c:a", "mp2", "-f", "wav"]),
    of_codec("AC-3 in Matroska", ["-c:a", "ac3", "-f", "matroska"]),
    of_bytes("AMR", b"#!AMR\n" + bytes([0x3C] + [0x55] * 31) * 50, "unsupported_audio"),
    of_bytes("text", b"Turdus merula\n" * 100, "unsupported_audio"),
    of_bytes("nothing but NaN", wav_float(NO_NUMBERS), "undecodable_audio"),
    of_bytes("infinity", wav_float(NO_NUMBERS * 0 + np.inf), "undecodable_audio"),
    of_bytes("zeros", wav(np.zeros(RATE)), "silent_audio"),
    of_bytes("0.4 s", wav(np.zeros(RATE * 4 // 10)), "audio_too_short"),
    of_bytes("an empty WAV", wav(np.zeros(0)), "undecodable_audio"),
]
