"""The strict parser of plain WAV, against the standard library."""

import io
import wave

import pytest
import sounds
from decoding import SECONDS

from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.wav import mend, parse_plain_wav


def test_plain_wav_parser_agrees_with_the_wave_module(five_seconds):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", ""))
        file.writeframes(sounds.pcm16(five_seconds))
    parsed = parse_plain_wav(buffer.getvalue())
    assert (parsed.sample_rate, parsed.channels, parsed.pcm) == (
        44_100,
        2,
        sounds.pcm16(five_seconds),
    )


def test_chunks_around_the_sound_are_skipped():
    fmt = sounds.make_wav(b"")[20:36]
    wav = sounds.riff(
        (b"LIST", b"odd"), (b"fmt ", fmt), (b"data", b"\1\2\3\4"), (b"LIST", b"after")
    )
    assert parse_plain_wav(wav).pcm == b"\1\2\3\4"


@pytest.mark.parametrize(
    "wav",
    [
        sounds.make_wav(b"\0" * 8)[:-2],
        sounds.make_wav(b"\0" * 7),
        sounds.make_wav(b"\0" * 8, channels=3),
        sounds.make_wav(b"\0" * 8, bits=24),
        sounds.make_wav(b"\0" * 8, tag=3),
        sounds.make_wav(b""),
        sounds.riff((b"data", b"\0" * 8)),
        b"RIFF\0\0\0\0WAVE",
    ],
    ids=[
        "cut",
        "half a sample",
        "3 channels",
        "24 bits",
        "float",
        "empty",
        "no format",
        "no chunk",
    ],
)
def test_a_wav_that_is_not_plain_is_left_to_ffmpeg(wav):
    assert parse_plain_wav(wav) is None


@pytest.mark.parametrize("size", [1, 7, 383])
@pytest.mark.parametrize("rate", [22_050, 48_000])
def test_a_chunk_that_is_not_padded_hides_no_sound(size, rate, five_seconds, real_ffmpeg):
    whole = sounds.make_wav(sounds.pcm16(five_seconds), rate)
    odd = b"LIST" + size.to_bytes(4, "little") + b"x" * size
    hidden = whole[:36] + odd + whole[36:]
    assert decode(hidden, SECONDS) == decode(whole, SECONDS)


@pytest.mark.parametrize(
    "wav",
    [
        sounds.make_wav(b"\1\2" * 9),
        sounds.make_wav(b"\1\2" * 9)[:-3],
        sounds.riff((b"fmt ", bytes(16)), (b"LIST", b"odd")),
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata",
        b"RIFF\xff\xff\xff\xffWAVEjunk\xff\xff\xff\xff" + bytes(40),
    ],
    ids=["whole", "cut", "no sound", "nothing", "a name alone", "a chunk without end"],
)
def test_there_is_nothing_to_mend(wav):
    assert mend(wav) == wav
