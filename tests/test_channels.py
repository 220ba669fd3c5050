"""Channels, levels and tracks: the sound is heard wherever it is in the file."""

import struct

import numpy as np
import pytest
import sounds
from decoding import SECONDS, refusal

from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.levels import MAX_GAIN, QUIET_PEAK, choose, gain

pytestmark = pytest.mark.usefixtures("real_ffmpeg")
RATE = sounds.SAMPLE_RATE
FLOAT, PCM = 3, 1


def song_at(rate):
    """Two seconds of a falling whistle in pulses, as float samples."""
    times = np.arange(2 * rate) / rate
    return 0.4 * np.sin(2 * np.pi * (5_000 - 800 * times) * times) * (times % 0.5 < 0.3)


@pytest.fixture(scope="module")
def song():
    """The song at the rate that everything is decoded to."""
    return song_at(RATE)


def likeness(pcm, song):
    """How alike decoded sound and a song are, whatever the level: 1 is the same."""
    decoded = np.frombuffer(pcm, "<i2").astype(float)
    size = min(decoded.size, song.size)
    return np.corrcoef(decoded[:size], song[:size])[0, 1] if decoded[:size].std() else 0.0


def wav_of(*channels, rate=RATE):
    samples = np.stack(channels, axis=1).ravel()
    return sounds.make_wav(sounds.pcm16(samples), rate, len(channels))


@pytest.mark.parametrize(("count", "place"), [(n, i) for n in range(1, 9) for i in range(n)])
def test_a_song_in_any_channel_is_heard(count, place, song):
    channels = [np.zeros(song.size)] * count
    channels[place] = song
    decoded = decode(wav_of(*channels), SECONDS)
    assert likeness(decoded, song) > 0.99
    assert np.frombuffer(decoded, "<i2").std() * count == pytest.approx(
        song.std() * 32_768, rel=0.01
    )


LAYOUTS = ["2.1", "4.0", "quad", "5.0", "5.1", "6.1", "7.1"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("codec", ["flac", "pcm_s24le"])
def test_a_layout_that_ffmpeg_knows_is_mixed_by_the_same_rule(layout, codec, song, tmp_path):
    """ffmpeg's own mix leaves the low channel out, and takes more of the centre."""
    container = ["-f", "flac"] if codec == "flac" else ["-f", "wav"]
    spread = f"aresample=22050,pan={layout}|c0=0*c0|c{2 if layout != '2.1' else 1}=0*c0|c3=c0"
    if layout == "2.1":
        spread = "pan=2.1|c0=0*c0|c1=0*c0|c2=c0"
    options = ["-af", spread, "-c:a", codec, *container]
    file = sounds.encode(wav_of(song), options, tmp_path)
    assert likeness(decode(file, SECONDS), song) > 0.99


@pytest.mark.parametrize("rate", [RATE, 48_000])
@pytest.mark.parametrize("count", [2, 3, 4, 6, 8])
def test_channels_that_cancel_give_way_to_the_loudest(rate, count, song):
    source = song_at(rate)
    noise = np.random.default_rng(4).normal(0, 0.002, (count, source.size))
    signs = [(-1) ** i * (0.9 if i else 1.0) for i in range(count)]
    if count % 2:
        signs[-1] = 0.0
    wav = wav_of(*(sign * source + noise[i] for i, sign in enumerate(signs)), rate=rate)
    decoded = decode(wav, SECONDS)
    assert likeness(decoded, song) > 0.97
    assert np.frombuffer(decoded, "<i2").std() == pytest.approx(song.std() * 32_768, rel=0.05)


def test_an_offset_of_one_channel_does_not_hide_that_channels_cancel(song):
    decoded = decode(wav_of(song + 0.3, -song + 0.3), SECONDS)
    assert likeness(decoded, song) > 0.99


def test_microphones_apart_are_still_mixed(song):
    """A sound that comes later to one microphone is no reason to leave it out."""
    other = np.roll(song, 30) + np.random.default_rng(5).normal(0, 0.05, song.size)
    decoded = np.frombuffer(decode(wav_of(song, other), SECONDS), "<i2") / 32_768
    assert np.abs(decoded - (song + other) / 2).max() < 2 / 32_768


@pytest.mark.parametrize(
    ("mean", "powers", "chosen"),
    [
        (1.0, [1.0, 1.0], None),
        (0.25, [1.0, 0.0], None),
        (0.126, [1.0, 1.0], None),
        (0.124, [1.0, 1.0], 0),
        (0.124, [0.5, 1.0], 1),
        (1 / 64, [0.0] * 7 + [1.0], None),
        (0.0, [0.0, 0.0], None),
        (0.9e-8, [0.0] * 7 + [64 * 0.9e-8], 7),
    ],
)
def test_the_loudest_channel_is_taken_where_the_mean_is_nothing(mean, powers, chosen):
    assert choose(mean, powers) == chosen


def quiet_wav(song, decibels, form, rate=48_000):
    """The song so much quieter in a WAV of 24 or 32 bits or floats."""
    samples = song * 10 ** (decibels / 20)
    if form == "float":
        return sounds.make_wav(samples.astype("<f4").tobytes(), rate, bits=32, tag=FLOAT)
    if form == "double":
        return sounds.make_wav(samples.astype("<f8").tobytes(), rate, bits=64, tag=FLOAT)
    bits = int(form)
    whole = np.round(samples * 2 ** (bits - 1)).astype("<i4")
    data = whole.tobytes() if bits == 32 else whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return sounds.make_wav(data, rate, bits=bits)


@pytest.mark.parametrize("form", ["24", "32", "float", "double"])
@pytest.mark.parametrize("decibels", [-40, -60, -80, -100])
@pytest.mark.parametrize("rate", [RATE, 96_000])
def test_a_quiet_recording_is_raised_before_it_is_rounded(form, decibels, rate, song):
    decoded = decode(quiet_wav(song_at(rate), decibels, form, rate), SECONDS)
    assert likeness(decoded, song) > 0.97
    assert np.abs(np.frombuffer(decoded, "<i2").astype(int)).max() > 32_768 * QUIET_PEAK


@pytest.mark.parametrize(
    "options",
    [
        ["-c:a", "flac", "-sample_fmt", "s32", "-f", "flac"],
        ["-c:a", "alac", "-sample_fmt", "s32p", "-f", "ipod"],
        ["-c:a", "pcm_s24be", "-f", "aiff"],
        ["-c:a", "pcm_f32be", "-f", "aiff"],
    ],
)
def test_every_lossless_format_of_more_than_16_bits_is_raised(options, song, tmp_path):
    file = sounds.encode(quiet_wav(song, -70, "float", RATE), options, tmp_path)
    assert likeness(decode(file, SECONDS), song) > 0.97


def test_a_quiet_recording_with_an_offset_is_raised(song):
    offset = sounds.make_wav((song * 1e-4 + 0.2).astype("<f4").tobytes(), RATE, bits=32, tag=FLOAT)
    assert likeness(decode(offset, SECONDS), song) > 0.97


def test_16_bits_are_left_as_they_are(song):
    quiet = sounds.pcm16(song * 1e-3)
    assert decode(sounds.make_wav(quiet), SECONDS) == quiet


def test_an_ordinary_level_is_left_as_it_is_in_24_bits_too(song):
    decoded = np.frombuffer(decode(quiet_wav(song, 0, "24", RATE), SECONDS), "<i2") / 32_768
    assert np.abs(decoded - song).max() < 2 / 32_768


def test_floats_beyond_full_scale_are_brought_down(song):
    decoded = decode(quiet_wav(song, 40, "float", RATE), SECONDS)
    assert likeness(decoded, song) > 0.99


@pytest.mark.parametrize(
    ("peak", "expected"), [(0.0, 1), (1.0, 1), (QUIET_PEAK, 1), (2.0, 0.25), (1e-9, MAX_GAIN)]
)
def test_a_peak_is_brought_into_range(peak, expected):
    assert gain(peak) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", ["<f4", "<f8"])
def test_a_float_wav_of_no_number_is_undecodable(value, kind):
    samples = np.full(RATE, value).astype(kind)
    wav = sounds.make_wav(samples.tobytes(), RATE, bits=samples.itemsize * 8, tag=FLOAT)
    assert refusal(wav) == "undecodable_audio"


def test_a_float_wav_of_nan_and_infinity_in_turn_is_undecodable():
    pattern = struct.pack("<3f", float("nan"), float("inf"), float("-inf"))
    assert refusal(sounds.make_wav(pattern * RATE, RATE, bits=32, tag=FLOAT)) == "undecodable_audio"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_single_values_of_no_number_spoil_nothing(value, song):
    samples = song.astype("<f4")
    samples[[5_000, 20_000]] = value
    wav = sounds.make_wav(samples.tobytes(), RATE, bits=32, tag=FLOAT)
    assert likeness(decode(wav, SECONDS), song) > 0.99


@pytest.mark.parametrize(
    "codec", [["-c:a", "pcm_s16le", "-f", "mov"], ["-c:a", "aac", "-f", "mp4"]]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_track_with_sound_is_heard(codec, place, song, tmp_path):
    graph = "[0:a]anull[s];anullsrc=r=22050:cl=mono:d=2,asplit[a][b]"
    order = ["[a]", "[b]"]
    order.insert(place, "[s]")
    maps = [word for name in order for word in ("-map", name)]
    file = sounds.encode(wav_of(song), ["-filter_complex", graph, *maps, *codec], tmp_path)
    assert np.frombuffer(decode(file, SECONDS), "<i2").std() > 0.5 * song.std() * 32_768
