"""Files that begin or go on in odd ways: junk before MP3, joined Ogg, unknown codecs."""

import struct

import numpy as np
import pytest
import sounds
from decoding import SECONDS, refusal

from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.mp3 import find_frames, frame_bytes
from birdapp.chalicelib.ogg import split_links

pytestmark = pytest.mark.usefixtures("real_ffmpeg")
RATE = sounds.SAMPLE_RATE
APE_TAG = b"APETAGEX" + struct.pack("<IIII", 2_000, 32, 0, 0xA0000000) + bytes(8) + b"x" * 2_000
JUNK = {
    "zeros": bytes(5_000),
    "one byte": b"\n",
    "text": b"ICY 200 OK\r\nicy-name: garden\r\n\r\n",
    "noise": np.random.default_rng(6).bytes(50_000),
    "an APE tag": APE_TAG,
    "headers of frames that do not follow": b"\xff\xfb\x90\x00" * 100,
}
FORMS = {
    "MPEG-1": ["-ar", "44100", "-b:a", "128k"],
    "MPEG-1, stereo": ["-ar", "48000", "-ac", "2", "-q:a", "4"],
    "MPEG-2": ["-ar", "22050", "-b:a", "64k"],
    "MPEG-2.5": ["-ar", "8000", "-b:a", "16k"],
}


@pytest.fixture(scope="module")
def mp3s(five_seconds, tmp_path_factory):
    wav = sounds.make_wav(sounds.pcm16(five_seconds))
    bare = ["-c:a", "libmp3lame", "-id3v2_version", "0", "-write_xing", "0", "-f", "mp3"]
    folder = tmp_path_factory.mktemp("mp3s")
    return {name: sounds.encode(wav, [*bare, *form], folder) for name, form in FORMS.items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("junk", JUNK)
def test_an_mp3_is_known_behind_junk(junk, form, mp3s):
    assert find_frames(JUNK[junk] + mp3s[form]) == len(JUNK[junk])
    assert decode(JUNK[junk] + mp3s[form], SECONDS) == decode(mp3s[form], SECONDS)


@pytest.mark.parametrize("form", FORMS)
def test_an_mp3_that_begins_within_a_frame_is_known(form, mp3s):
    assert len(decode(mp3s[form][50:], SECONDS)) > 0.95 * len(decode(mp3s[form], SECONDS))


def test_noise_and_pictures_are_no_mp3():
    noise = np.random.default_rng(7).bytes(2**20)
    assert find_frames(noise) is None
    assert refusal(b"\x89PNG\r\n\x1a\n" + noise) == "unsupported_audio"


@pytest.mark.parametrize(
    ("header", "size"),
    [
        (b"\xff\xfb\x90\x00", 417),
        (b"\xff\xfb\x92\x00", 418),
        (b"\xff\xf3\x80\x00", 208),
        (b"\xff\xe3\x18\x00", 72),
        (b"\xff\xfb\x00\x00", 0),
        (b"\xff\xeb\x90\x00", 0),
        (b"\xff\xfd\x90\x00", 0),
        (b"ID3\x04", 0),
        (b"", 0),
    ],
)
def test_the_length_of_a_frame_is_in_its_header(header, size):
    assert frame_bytes(header) == size


LINKS = [
    ["-c:a", "libvorbis", "-ar", "32000"],
    ["-c:a", "libvorbis", "-ar", "44100", "-ac", "2"],
    ["-c:a", "libopus", "-ar", "48000"],
    ["-c:a", "flac", "-ar", "22050"],
]


@pytest.mark.parametrize("first", range(len(LINKS)))
@pytest.mark.parametrize("second", range(len(LINKS)))
def test_a_chained_ogg_is_read_to_its_end(first, second, five_seconds, tmp_path):
    wav = sounds.make_wav(sounds.pcm16(five_seconds))
    links = [sounds.encode(wav, [*LINKS[i], "-f", "ogg"], tmp_path) for i in (first, second)]
    assert split_links(b"".join(links)) == links
    assert decode(b"".join(links), SECONDS) == b"".join(decode(link, SECONDS) for link in links)


def test_an_ogg_of_picture_and_sound_is_one_file(five_seconds, tmp_path):
    picture = ["-f", "lavfi", "-i", "testsrc=duration=5:size=64x64:rate=5", "-map", "1:v"]
    options = [*picture, "-map", "0:a", "-c:v", "libtheora", "-c:a", "libvorbis", "-f", "ogg"]
    film = sounds.encode(sounds.make_wav(sounds.pcm16(five_seconds)), options, tmp_path)
    assert split_links(film) == [film]
    assert len(decode(film, SECONDS)) == pytest.approx(10 * RATE, rel=0.02)


def test_pages_by_the_thousand_are_not_decoded_one_by_one(encoded):
    page = b"OggS\0\2" + bytes(21)
    assert len(split_links((page + b"OggS\0\0" + bytes(21)) * 1_000)) == 1


UNKNOWN = {
    "AMR in 3GP": (["-ar", "8000", "-ac", "1", "-c:a", "libopencore_amrnb"], "3gp"),
    "Yamaha ADPCM in WAV": (["-ar", "8000", "-ac", "1", "-c:a", "adpcm_yamaha"], "wav"),
    "MP2 in WAV": (["-c:a", "mp2"], "wav"),
    "AC-3 in MKV": (["-c:a", "ac3"], "matroska"),
    "WavPack in MKV": (["-c:a", "wavpack"], "matroska"),
    "ADPCM in AIFF": (["-c:a", "adpcm_ima_qt"], "aiff"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_codec_that_is_not_listed_is_said_to_be_unknown(name, five_seconds, tmp_path):
    codec, container = UNKNOWN[name]
    wav = sounds.make_wav(sounds.pcm16(five_seconds))
    file = sounds.encode(wav, [*codec, "-f", container], tmp_path)
    with pytest.raises(ServiceError, match="unsupported_audio") as failure:
        decode(file, SECONDS)
    assert failure.value.message.startswith("This kind of sound is not known. Please use WAV, MP3")
