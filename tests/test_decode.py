"""Decoding through the real ffmpeg: the listed formats, and the limits of length and header."""

import numpy as np
import pytest
import sounds
from decoding import SECONDS, refusal

from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.errors import ServiceError

pytestmark = pytest.mark.usefixtures("real_ffmpeg")
RATE = sounds.SAMPLE_RATE


def samples(pcm):
    return np.frombuffer(pcm, "<i2") / 32_768


@pytest.mark.parametrize("name", sounds.ENCODERS)
def test_every_listed_format_gives_the_recording_back(name, encoded, five_seconds):
    decoded = samples(decode(encoded[name], SECONDS))

    assert abs(decoded.size - five_seconds.size) <= 0.1 * RATE
    size = min(decoded.size, five_seconds.size)
    spectrum = np.abs(np.fft.rfft(decoded[:size]))
    assert np.fft.rfftfreq(size, 1 / RATE)[spectrum.argmax()] == pytest.approx(3_000, abs=2)
    assert decoded.std() == pytest.approx(five_seconds.std(), rel=0.1)


@pytest.mark.parametrize("name", ["wav", "flac", "m4a_alac", "mp3"])
def test_formats_that_know_their_length_keep_it(name, encoded, five_seconds):
    assert samples(decode(encoded[name], SECONDS)).size == five_seconds.size


AIFF_CODECS = ["s8", "s16be", "s24be", "s32be", "f32be", "f64be", "s16le", "alaw", "mulaw"]


@pytest.mark.parametrize("codec", AIFF_CODECS)
@pytest.mark.parametrize("rate", ["22050", "48000"])
def test_aiff_decodes_in_every_form_of_its_samples(codec, rate, five_seconds, tmp_path):
    options = ["-c:a", f"pcm_{codec}", "-ar", rate, "-f", "aiff"]
    aiff = sounds.encode(sounds.make_wav(sounds.pcm16(five_seconds)), options, tmp_path)
    decoded = samples(decode(aiff, SECONDS))
    assert decoded.size == five_seconds.size
    assert np.corrcoef(decoded, five_seconds)[0, 1] > 0.999


@pytest.mark.parametrize("name", ["mp3", "flac", "raw_aac"])
def test_a_tag_before_the_sound_is_no_hindrance(name, encoded, five_seconds):
    decoded = samples(decode(sounds.with_id3(encoded[name]), SECONDS))
    assert decoded.size == pytest.approx(five_seconds.size, rel=0.02)


def test_a_cover_picture_is_no_hindrance(five_seconds, tmp_path):
    cover = [
        "-f",
        "lavfi",
        "-i",
        "testsrc=duration=1:size=64x64:rate=1",
        "-map",
        "0:a",
        "-map",
        "1:v",
    ]
    tagged = [*cover, "-c:v", "png", "-disposition:v", "attached_pic", *sounds.ENCODERS["mp3"]]
    mp3 = sounds.encode(sounds.make_wav(sounds.pcm16(five_seconds)), tagged, tmp_path)
    assert b"APIC" in mp3
    assert samples(decode(mp3, SECONDS)).size == five_seconds.size


def test_a_rate_that_changes_on_the_way_is_followed(five_seconds, tmp_path):
    wav = sounds.make_wav(sounds.pcm16(five_seconds))
    rates = ("44100", "32000")
    first, second = (
        sounds.encode(wav, ["-ar", rate, *sounds.ENCODERS["mp3"]], tmp_path) for rate in rates
    )
    decoded = samples(decode(first + second, SECONDS))
    assert decoded.size == pytest.approx(2 * five_seconds.size, rel=0.02)
    assert decoded[-RATE:].std() == pytest.approx(five_seconds.std(), rel=0.1)


def test_decoding_is_repeatable(encoded):
    assert decode(encoded["mp3"], SECONDS) == decode(encoded["mp3"], SECONDS)


def test_plain_wav_needs_no_child_process(monkeypatch, five_seconds):
    monkeypatch.setenv("FFMPEG_BINARY", "/nowhere/ffmpeg")
    assert decode(sounds.make_wav(sounds.pcm16(five_seconds)), SECONDS) == sounds.pcm16(
        five_seconds
    )


def test_stereo_is_mixed_alike_with_and_without_a_child_process(five_seconds, tmp_path):
    stereo = np.stack([five_seconds, np.roll(five_seconds, 1_000) / 3], axis=1).ravel()
    wav = sounds.make_wav(sounds.pcm16(stereo), channels=2)
    plain = samples(decode(wav, SECONDS))
    through_ffmpeg = samples(decode(sounds.encode(wav, sounds.ENCODERS["flac"], tmp_path), SECONDS))
    assert np.abs(plain - stereo.reshape(-1, 2).mean(axis=1)).max() < 2 / 32_768
    assert np.abs(plain - through_ffmpeg).max() < 2 / 32_768


@pytest.mark.parametrize(
    ("sample_count", "code"),
    [
        (RATE // 2 - 1, "audio_too_short"),
        (RATE // 2, None),
        (60 * RATE + RATE // 2, None),
        (60 * RATE + RATE // 2 + 1, "audio_too_long"),
    ],
)
def test_length_limits(sample_count, code):
    assert refusal(sounds.make_wav(b"\0\0" * sample_count)) == code


def test_the_limit_holds_behind_ffmpeg_and_can_be_raised(tmp_path):
    long = sounds.encode(sounds.make_wav(b"\0\0" * 70 * RATE), sounds.ENCODERS["flac"], tmp_path)
    assert refusal(long) == "audio_too_long"
    assert len(decode(long, SECONDS, max_seconds=1_800)) == 2 * 70 * RATE


HEADERS = [
    (8_000, 0, "undecodable_audio"),
    (8_000, 8, None),
    (8_000, 9, "undecodable_audio"),
    (8_000, 65_535, "undecodable_audio"),
    (0, 1, "undecodable_audio"),
    (1, 1, "undecodable_audio"),
    (3_999, 1, "undecodable_audio"),
    (4_000, 1, None),
    (384_000, 1, None),
    (384_001, 1, "undecodable_audio"),
    (100_000_000, 1, "undecodable_audio"),
    (0xFFFFFFFF, 1, "undecodable_audio"),
]


@pytest.mark.parametrize(("sample_rate", "channels", "code"), HEADERS)
def test_header_limits(sample_rate, channels, code):
    noise = np.random.default_rng(2).bytes(400_000)
    assert refusal(sounds.make_wav(noise, sample_rate, channels)) == code


def test_more_channels_than_eight_are_refused_even_in_a_layout_that_ffmpeg_knows(
    five_seconds, tmp_path
):
    options = ["-af", "aformat=channel_layouts=7.1.4", "-f", "wav"]
    wav = sounds.encode(sounds.make_wav(sounds.pcm16(five_seconds)), options, tmp_path)
    with pytest.raises(ServiceError, match="Expected 1 to 8 channels, but this file has 12"):
        decode(wav, SECONDS)


def test_real_recordings_decode(recordings, recording_rows):
    for row in recording_rows[::200]:
        decoded = decode((recordings / row["filename"]).read_bytes(), SECONDS)
        assert len(decoded) / 2 / RATE == pytest.approx(float(row["seconds"]), abs=0.1)
