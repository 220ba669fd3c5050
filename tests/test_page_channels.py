"""The page makes one channel of a file as the API does: what it sends is what the API hears."""

import numpy as np
import pytest
import sounds
from page_api import served
from page_browser import identify, opened

from birdapp.chalicelib.decode import decode

pytest_plugins = ["page_fixtures"]
pytestmark = pytest.mark.usefixtures("real_ffmpeg")
RATE = sounds.SAMPLE_RATE
FLOAT = 3
PATIENCE = 60
# ffmpeg tells the API an offset to six decimals: raised a thousand times that is seen.
TOLERANCE = 0.012
TIMES = np.arange(4 * RATE) / RATE
SONG = 0.4 * np.sin(2 * np.pi * (5_000 - 800 * TIMES) * TIMES) * (TIMES % 0.5 < 0.3)
NOTHING = np.zeros(SONG.size)
MP3_FRAME = bytes([0xFF, 0xFB, 0x90, 0]) + bytes(413)
NOISE = np.random.default_rng(3).normal(0, 0.05, SONG.size)


def whole(*channels):
    """16 bits a sample."""
    return sounds.make_wav(sounds.pcm16(np.stack(channels, axis=1).ravel()), RATE, len(channels))


def fine(samples, bits=24):
    """24 or 32 bits a sample."""
    numbers = np.round(samples * 2 ** (bits - 1)).astype("<i4")
    octets = numbers.view(np.uint8).reshape(-1, 4)[:, : bits // 8]
    return sounds.make_wav(octets.tobytes(), RATE, bits=bits)


def floats(*channels, rate=RATE):
    samples = np.stack(channels, axis=1).ravel().astype("<f4")
    return sounds.make_wav(samples.tobytes(), rate, len(channels), bits=32, tag=FLOAT)


def with_numbers(value, loudness=1e-3, rate=RATE):
    broken = SONG.copy()
    broken[[5_000, 20_000]] = value
    return floats(broken * loudness, rate=rate)


def behind_a_decoy(wav):
    """A chunk in front whose bytes read like the header of 16 bits."""
    decoy = b"fmt " + bytes(18) + (16).to_bytes(2, "little") + bytes(8)
    chunk = b"JUNK" + len(decoy).to_bytes(4, "little") + decoy
    size = (len(wav) - 8 + len(chunk)).to_bytes(4, "little")
    return b"RIFF" + size + wav[8:12] + chunk + wav[12:]


CASES = {
    **{
        f"channel {place + 1} of {count}": whole(
            *(SONG if i == place else NOTHING for i in range(count))
        )
        for count, place in [(1, 0), (2, 1), (3, 2), (4, 3), (6, 3), (7, 3), (8, 3), (8, 7)]
    },
    "apart": whole(SONG, np.roll(SONG, 30) + NOISE),
    "one upside down": whole(SONG, -0.9 * SONG),
    "four of eight upside down": whole(*([SONG, -0.95 * SONG] * 4)),
    "upside down with an offset": whole(SONG + 0.3, -SONG + 0.3),
    "quiet in one of eight": whole(*[NOTHING] * 7, SONG * 1e-3),
    "quiet 16 bits": whole(SONG * 1e-3),
    "quiet 24 bits": fine(SONG * 1e-4),
    "quiet 32 bits": fine(SONG * 1e-5, 32),
    "quiet 24 bits behind a decoy": behind_a_decoy(fine(SONG * 1e-4)),
    "24 bits": fine(SONG),
    "quiet floats with an offset": floats(SONG * 1e-4 + 0.2),
    "loud floats": floats(SONG * 100),
    "floats with NaN": with_numbers(np.nan),
    "floats with infinity": with_numbers(np.inf),
    "floats with NaN at 44.1 kHz": with_numbers(np.nan, rate=44_100),
    "floats with infinity at 48 kHz": with_numbers(-np.inf, 1, 48_000),
    "quiet floats that cancel": floats(SONG * 1e-3, -0.9e-3 * SONG),
}


@pytest.fixture(scope="module")
def api():
    with served() as fake:
        yield fake


@pytest.fixture(scope="module")
def page(browser, api):
    with opened(browser, api.site_url) as page:
        yield page


RAISED = {case for case in CASES if "quiet" in case or "floats" in case} - {"quiet 16 bits"}


def samples(pcm):
    return np.frombuffer(pcm, "<i2").astype(int)


@pytest.mark.parametrize("case", CASES)
def test_what_the_page_sends_is_what_the_api_hears(page, api, case):
    wav = CASES[case]
    # A name of its own: the page shows the one before until then.
    state = identify(page, {"name": f"{case}.wav", "mimeType": "audio/wav", "buffer": wav})
    assert state == "result"
    sent, heard = samples(api.sounds[-1][44:]), samples(decode(wav, PATIENCE))
    assert sent.size == heard.size
    assert np.abs(sent - heard).max() <= (np.abs(heard).max() * TOLERANCE if case in RAISED else 2)


KINDS = {
    "MP3": ["-ar", "48000", "-c:a", "libmp3lame", "-f", "mp3"],
    "MP3 at half the rate": ["-ar", "24000", "-c:a", "libmp3lame", "-f", "mp3"],
    "AAC": ["-ar", "32000", "-c:a", "aac", "-f", "adts"],
    "M4A": ["-ar", "48000", "-c:a", "aac", "-f", "ipod"],
    "FLAC": ["-ar", "96000", "-c:a", "flac", "-f", "flac"],
    "Vorbis": ["-ar", "32000", "-c:a", "libvorbis", "-f", "ogg"],
    "Opus": ["-ac", "1", "-c:a", "libopus", "-f", "ogg"],
    "WAV": ["-ar", "16000", "-f", "wav"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_rate_is_resampled_to_what_the_api_hears(page, api, tmp_path, kind):
    """Where it was about half a step, it may be rounded otherwise: Chromium divides by 32,767."""
    stereo = whole(SONG, np.roll(SONG, 30) + NOISE)
    file = sounds.encode(stereo, KINDS[kind], tmp_path)
    identify(page, {"name": f"{kind}.x", "mimeType": "audio/x", "buffer": file})
    sent, heard = samples(api.sounds[-1][44:]), samples(decode(file, PATIENCE))
    assert sent.size == heard.size
    apart = np.abs(sent - heard)
    assert apart.max() <= 1
    assert np.mean(apart > 0) <= 0.1


AIFF = b"FORM____AIFFCOMM" + bytes([0, 0, 0, 18, 0, 1, 0, 0, 0, 9, 0, 16])
MP4 = b"\0\0\0\x10ftypM4A \0\0\2\0"
RATES = {
    "AIFF": (AIFF + bytes([0x40, 0x0E, 0xBB, 0x80, 0, 0, 0, 0, 0, 0]), 48_000),
    "an MP3 behind a tag": (b"ID3\4\0\0\0\0\1\0" + bytes(128) + 2 * MP3_FRAME, 44_100),
    "an MP3 behind junk": (b"\xff\xfb??" + bytes(999) + 2 * MP3_FRAME, 44_100),
    "AAC that may have a double rate": (bytes([0xFF, 0xF1, 0x58, 0x80]), 0),
    "an MP4 with a box of no length": (MP4 + b"\0\0\0\1free" + bytes(64), 0),
    "an MP4 that was cut": (MP4 + b"\0\0\1\0moov", 0),
    "text": (b"Turdus merula", 0),
}


@pytest.mark.parametrize("kind", RATES)
def test_the_rate_of_a_file_is_read_from_its_header(module, kind):
    file, rate = RATES[kind]
    code = "(m, bytes) => m.rateOf(Uint8Array.from(bytes).buffer)"
    assert module("core/sample-rate.js", code, [*file]) == rate


def test_a_flac_of_24_bits_is_raised_too(page, api, tmp_path):
    options = ["-c:a", "flac", "-sample_fmt", "s32", "-f", "flac"]
    file = sounds.encode(floats(SONG * 1e-4), options, tmp_path)
    identify(page, {"name": "a.flac", "mimeType": "audio/flac", "buffer": file})
    sent, heard = samples(api.sounds[-1][44:]), samples(decode(file, PATIENCE))
    size = min(sent.size, heard.size)
    assert np.abs(sent).max() == pytest.approx(np.abs(heard).max(), rel=0.02)
    assert np.corrcoef(sent[:size], heard[:size])[0, 1] > 0.999


def test_a_file_of_no_number_is_left_to_the_api(page, api):
    wav = floats(np.full(SONG.size, np.nan))
    identify(page, {"name": "nan.wav", "mimeType": "audio/wav", "buffer": wav})
    assert api.sounds[-1] == wav
