"""Files that mean harm or came to some: each gives sound or a refusal, and opens nothing."""

import socket

import numpy as np
import pytest
import sounds
from decoding import REFUSALS, refusal

from birdapp.chalicelib.formats import sniff

pytestmark = pytest.mark.usefixtures("real_ffmpeg")
RATE = sounds.SAMPLE_RATE


NOT_AUDIO = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": b"Turdus merula",
    "page": b"<!DOCTYPE html><html></html>",
    "playlist": b"#EXTM3U\nfile:///etc/passwd\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
    "zip": b"PK\x03\x04" + b"\0" * 64,
    "8svx": b"FORM\0\0\0\x108SVXVHDR",
    "avi": b"RIFF\0\0\0\x10AVI LIST",
    "mp2": b"\xff\xfd\x90\x00" + b"\0" * 64,
    "free-format mp3 with a reserved rate": b"\xff\xfb\x9c\x00" + b"\0" * 64,
}


@pytest.mark.parametrize("data", NOT_AUDIO.values(), ids=NOT_AUDIO.keys())
def test_bytes_of_no_listed_format_are_unsupported(data):
    assert refusal(data) == "unsupported_audio"


MAGICS = [b"RIFF\0\0\0\0WAVE", b"ID3", b"OggS", b"fLaC", b"\0\0\0\x20ftypM4A ", b"\x1aE\xdf\xa3"]
MAGICS += [b"FORM\0\0\0\0AIFF", b"FORM\0\0\0\0AIFC", b"RF64\0\0\0\0WAVE", b"BW64\0\0\0\0WAVE"]
MAGICS += [b"\0\0\0\x08" + atom for atom in (b"wide", b"skip", b"free", b"mdat", b"moov")]
FRAMES = [b"\xff\xf1\x50\x80", b"\xff\xfb\x90\x00"]
NOISE = np.random.default_rng(3).bytes(2_000)


@pytest.mark.parametrize("magic", [*MAGICS, *FRAMES])
@pytest.mark.parametrize("rest", [b"", b"\0" * 2_000, NOISE], ids=["nothing", "zeros", "noise"])
def test_a_known_beginning_with_no_sound_behind_it_is_undecodable(magic, rest):
    assert sniff(magic) is not None
    assert refusal(magic + rest) in {"undecodable_audio", "no_audio_stream"}


@pytest.mark.parametrize(
    ("codec", "container"), [("mpeg4", "mp4"), ("libvpx", "webm"), ("libtheora", "ogg")]
)
def test_video_without_sound_is_told_so(codec, container, tmp_path):
    assert refusal(sounds.make_video(tmp_path, codec, container)) == "no_audio_stream"


@pytest.fixture
def listener():
    """A socket that nobody should connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        yield server


@pytest.mark.parametrize("tagged", [False, True], ids=["plain", "behind a tag"])
@pytest.mark.parametrize("protocol", ["http", "tcp", "file"])
@pytest.mark.parametrize(
    "form", ["#EXTM3U\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n"]
)
def test_a_playlist_opens_nothing(form, protocol, tagged, listener, tmp_path):
    secret = tmp_path / "secret.wav"
    secret.write_bytes(sounds.make_wav(b"\1\2" * RATE))
    port = listener.getsockname()[1]
    address = f"file://{secret}" if protocol == "file" else f"{protocol}://127.0.0.1:{port}/a.mp3"
    playlist = form.format(address).encode()

    assert refusal(sounds.with_id3(playlist) if tagged else playlist) in REFUSALS
    with pytest.raises(TimeoutError):
        listener.accept()


def test_hours_of_silence_in_a_small_file_end_at_the_limit(tmp_path):
    silence = sounds.make_wav(b"\0" * 2 * 4_000 * 600, 4_000)
    bomb = sounds.encode(silence, ["-frame_size", "65535", *sounds.ENCODERS["flac"]], tmp_path)
    assert len(bomb) < len(silence) / 200
    assert refusal(bomb) == "audio_too_long"


@pytest.mark.parametrize("name", sounds.ENCODERS)
@pytest.mark.parametrize("share", [0.001, 0.02, 0.5, 0.99])
def test_a_cut_file_gives_sound_or_a_refusal(name, share, encoded):
    cut = encoded[name][: int(len(encoded[name]) * share)]
    assert refusal(cut) in REFUSALS | {None}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", sounds.ENCODERS)
def test_a_damaged_file_gives_sound_or_a_refusal(name, seed, encoded):
    chance = np.random.default_rng([seed, *name.encode()])
    damaged = np.frombuffer(encoded[name], np.uint8).copy()
    # Even seeds hit the header, odd ones anything.
    end = damaged.size if seed % 2 else min(300, damaged.size)
    places = chance.integers(4, end, chance.choice([1, 5, 50]))
    damaged[places] = chance.integers(0, 256, places.size)
    assert refusal(damaged.tobytes()) in REFUSALS | {None}
