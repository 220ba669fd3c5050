"""Decoding: the listed formats through the real ffmpeg, hostile files, and the guards around the child process."""

import io
import os
import socket
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import sounds

from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.ffmpeg import find_ffmpeg, run_ffmpeg
from birdapp.chalicelib.sniffing import sniff
from birdapp.chalicelib.wav import parse_plain_wav

RATE = sounds.SAMPLE_RATE
# Long, because this machine may be busy; the service gives 5 s.
SECONDS = 60.0
REFUSALS = {"unsupported_audio", "undecodable_audio", "no_audio_stream", "audio_too_short", "audio_too_long"}


@pytest.fixture(autouse=True)
def real_ffmpeg(monkeypatch):
    monkeypatch.setenv("FFMPEG_BINARY", sounds.FFMPEG)


@pytest.fixture(scope="session")
def recording():
    """Five seconds with a 3 kHz tone and some noise, as float samples at 22,050 Hz."""
    noise = np.random.default_rng(1).normal(0, 0.01, 5 * RATE)
    return 0.5 * np.sin(2 * np.pi * 3_000 * np.arange(5 * RATE) / RATE) + noise


@pytest.fixture(scope="session")
def encoded(recording, tmp_path_factory):
    """The same recording in every listed format: {name: bytes}."""
    wav = sounds.make_wav(sounds.pcm16(recording))
    folder = tmp_path_factory.mktemp("encoded")
    return {name: sounds.encode(wav, options, folder) for name, options in sounds.ENCODERS.items()}


def samples(pcm):
    return np.frombuffer(pcm, "<i2") / 32_768


def code_of(data, **options):
    """The code that decode refuses with, or None."""
    try:
        decode(data, SECONDS, **options)
    except ServiceError as error:
        return error.code
    return None


@pytest.mark.parametrize("name", sounds.ENCODERS)
def test_every_listed_format_gives_the_recording_back(name, encoded, recording):
    decoded = samples(decode(encoded[name], SECONDS))

    assert abs(decoded.size - recording.size) <= 0.1 * RATE
    size = min(decoded.size, recording.size)
    spectrum = np.abs(np.fft.rfft(decoded[:size]))
    assert np.fft.rfftfreq(size, 1 / RATE)[spectrum.argmax()] == pytest.approx(3_000, abs=2)
    assert decoded.std() == pytest.approx(recording.std(), rel=0.1)


@pytest.mark.parametrize("name", ["wav", "flac", "m4a_alac", "mp3"])
def test_formats_that_know_their_length_keep_it(name, encoded, recording):
    assert samples(decode(encoded[name], SECONDS)).size == recording.size


@pytest.mark.parametrize("name", ["mp3", "flac", "raw_aac"])
def test_a_tag_before_the_sound_is_no_hindrance(name, encoded, recording):
    decoded = samples(decode(sounds.with_id3(encoded[name]), SECONDS))
    assert decoded.size == pytest.approx(recording.size, rel=0.02)


def test_a_cover_picture_is_no_hindrance(recording, tmp_path):
    cover = ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=1", "-map", "0:a", "-map", "1:v"]
    tagged = [*cover, "-c:v", "png", "-disposition:v", "attached_pic", *sounds.ENCODERS["mp3"]]
    mp3 = sounds.encode(sounds.make_wav(sounds.pcm16(recording)), tagged, tmp_path)
    assert b"APIC" in mp3
    assert samples(decode(mp3, SECONDS)).size == recording.size


def test_a_rate_that_changes_on_the_way_is_followed(recording, tmp_path):
    wav = sounds.make_wav(sounds.pcm16(recording))
    rates = ("44100", "32000")
    first, second = (sounds.encode(wav, ["-ar", rate, *sounds.ENCODERS["mp3"]], tmp_path) for rate in rates)
    decoded = samples(decode(first + second, SECONDS))
    assert decoded.size == pytest.approx(2 * recording.size, rel=0.02)
    assert decoded[-RATE:].std() == pytest.approx(recording.std(), rel=0.1)


def test_decoding_is_repeatable(encoded):
    assert decode(encoded["mp3"], SECONDS) == decode(encoded["mp3"], SECONDS)


def test_plain_wav_needs_no_child_process(monkeypatch, recording):
    monkeypatch.setenv("FFMPEG_BINARY", "/nowhere/ffmpeg")
    assert decode(sounds.make_wav(sounds.pcm16(recording)), SECONDS) == sounds.pcm16(recording)


def test_stereo_is_mixed_alike_with_and_without_a_child_process(recording, tmp_path):
    stereo = np.stack([recording, np.roll(recording, 1_000) / 3], axis=1).ravel()
    wav = sounds.make_wav(sounds.pcm16(stereo), channels=2)
    plain = samples(decode(wav, SECONDS))
    through_ffmpeg = samples(decode(sounds.encode(wav, sounds.ENCODERS["flac"], tmp_path), SECONDS))
    assert np.abs(plain - stereo.reshape(-1, 2).mean(axis=1)).max() < 2 / 32_768
    assert np.abs(plain - through_ffmpeg).max() < 2 / 32_768


def test_plain_wav_parser_agrees_with_the_wave_module(recording):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", ""))
        file.writeframes(sounds.pcm16(recording))
    parsed = parse_plain_wav(buffer.getvalue())
    assert (parsed.sample_rate, parsed.channels, parsed.pcm) == (44_100, 2, sounds.pcm16(recording))


def test_chunks_around_the_sound_are_skipped():
    fmt = sounds.make_wav(b"")[20:36]
    wav = sounds.riff((b"LIST", b"odd"), (b"fmt ", fmt), (b"data", b"\1\2\3\4"), (b"LIST", b"after"))
    assert parse_plain_wav(wav).pcm == b"\1\2\3\4"


@pytest.mark.parametrize(
    "wav",
    [
        sounds.make_wav(b"\0" * 8)[:-1],
        sounds.make_wav(b"\0" * 7),
        sounds.make_wav(b"\0" * 8, channels=3),
        sounds.make_wav(b"\0" * 8, bits=24),
        sounds.make_wav(b"\0" * 8, tag=3),
        sounds.make_wav(b""),
        sounds.riff((b"data", b"\0" * 8)),
        b"RIFF\0\0\0\0WAVE",
    ],
    ids=["cut", "half a sample", "3 channels", "24 bits", "float", "empty", "no format", "no chunk"],
)
def test_a_wav_that_is_not_plain_is_left_to_ffmpeg(wav):
    assert parse_plain_wav(wav) is None


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
    assert code_of(sounds.make_wav(b"\0\0" * sample_count)) == code


def test_the_limit_holds_behind_ffmpeg_and_can_be_raised(tmp_path):
    long = sounds.encode(sounds.make_wav(b"\0\0" * 70 * RATE), sounds.ENCODERS["flac"], tmp_path)
    assert code_of(long) == "audio_too_long"
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
    assert code_of(sounds.make_wav(noise, sample_rate, channels)) == code


NOT_AUDIO = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": b"Turdus merula",
    "page": b"<!DOCTYPE html><html></html>",
    "playlist": b"#EXTM3U\nfile:///etc/passwd\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
    "zip": b"PK\x03\x04" + b"\0" * 64,
    "aiff": b"FORM\0\0\0\x10AIFFCOMM",
    "avi": b"RIFF\0\0\0\x10AVI LIST",
    "mp2": b"\xff\xfd\x90\x00" + b"\0" * 64,
    "free-format mp3 with a reserved rate": b"\xff\xfb\x9c\x00" + b"\0" * 64,
}


@pytest.mark.parametrize("data", NOT_AUDIO.values(), ids=NOT_AUDIO.keys())
def test_bytes_of_no_listed_format_are_unsupported(data):
    assert code_of(data) == "unsupported_audio"


MAGICS = [b"RIFF\0\0\0\0WAVE", b"ID3", b"OggS", b"fLaC", b"\0\0\0\x20ftypM4A ", b"\x1aE\xdf\xa3"]
FRAMES = [b"\xff\xf1\x50\x80", b"\xff\xfb\x90\x00"]
NOISE = np.random.default_rng(3).bytes(2_000)


@pytest.mark.parametrize("magic", [*MAGICS, *FRAMES])
@pytest.mark.parametrize("rest", [b"", b"\0" * 2_000, NOISE], ids=["nothing", "zeros", "noise"])
def test_a_known_beginning_with_no_sound_behind_it_is_undecodable(magic, rest):
    assert sniff(magic) is not None
    assert code_of(magic + rest) in {"undecodable_audio", "no_audio_stream"}


@pytest.mark.parametrize(("codec", "container"), [("mpeg4", "mp4"), ("libvpx", "webm"), ("libtheora", "ogg")])
def test_video_without_sound_is_told_so(codec, container, tmp_path):
    assert code_of(sounds.make_video(tmp_path, codec, container)) == "no_audio_stream"


@pytest.fixture
def listener():
    """A socket that nobody should connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        yield server


@pytest.mark.parametrize("tagged", [False, True], ids=["plain", "behind a tag"])
@pytest.mark.parametrize("protocol", ["http", "tcp", "file"])
@pytest.mark.parametrize("form", ["#EXTM3U\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_a_playlist_opens_nothing(form, protocol, tagged, listener, tmp_path):
    secret = tmp_path / "secret.wav"
    secret.write_bytes(sounds.make_wav(b"\1\2" * RATE))
    port = listener.getsockname()[1]
    address = f"file://{secret}" if protocol == "file" else f"{protocol}://127.0.0.1:{port}/a.mp3"
    playlist = form.format(address).encode()

    assert code_of(sounds.with_id3(playlist) if tagged else playlist) in REFUSALS
    with pytest.raises(TimeoutError):
        listener.accept()


def test_hours_of_silence_in_a_small_file_end_at_the_limit(tmp_path):
    silence = sounds.make_wav(b"\0" * 2 * 4_000 * 600, 4_000)
    bomb = sounds.encode(silence, ["-frame_size", "65535", *sounds.ENCODERS["flac"]], tmp_path)
    assert len(bomb) < len(silence) / 200
    assert code_of(bomb) == "audio_too_long"


@pytest.mark.parametrize("name", sounds.ENCODERS)
@pytest.mark.parametrize("share", [0.001, 0.02, 0.5, 0.99])
def test_a_cut_file_gives_sound_or_a_refusal(name, share, encoded):
    cut = encoded[name][: int(len(encoded[name]) * share)]
    assert code_of(cut) in REFUSALS | {None}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", sounds.ENCODERS)
def test_a_damaged_file_gives_sound_or_a_refusal(name, seed, encoded):
    chance = np.random.default_rng([seed, *name.encode()])
    damaged = np.frombuffer(encoded[name], np.uint8).copy()
    # Even seeds hit the header, odd ones anything.
    end = damaged.size if seed % 2 else min(300, damaged.size)
    places = chance.integers(4, end, chance.choice([1, 5, 50]))
    damaged[places] = chance.integers(0, 256, places.size)
    assert code_of(damaged.tobytes()) in REFUSALS | {None}


@pytest.fixture
def fake_ffmpeg(tmp_path, monkeypatch):
    """Put a shell script in ffmpeg's place."""

    def write(script):
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("FFMPEG_BINARY", str(path))

    return write


def run(seconds=SECONDS):
    return run_ffmpeg(b"recording", "wav", seconds=seconds, max_seconds=1)


def test_the_child_reads_the_recording_and_sees_no_secret(fake_ffmpeg, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    fake_ffmpeg("cat; env >&2")
    decoded = run()
    assert decoded.pcm == b"recording"
    assert "PATH=" in decoded.log
    assert "secret" not in decoded.log.lower()


def test_a_child_that_never_ends_is_killed_with_its_children(fake_ffmpeg, tmp_path):
    fake_ffmpeg(f"sleep 1000 & echo $! > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; wait")
    with pytest.raises(TimeoutError, match="did not finish"):
        run(seconds=2.0)
    assert has_ended(int((tmp_path / "pid").read_text()))


def has_ended(pid):
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_output_without_end_is_cut(fake_ffmpeg):
    fake_ffmpeg("cat /dev/zero")
    assert len(run().pcm) == 2 * 2 * RATE


def test_a_log_without_end_is_cut(fake_ffmpeg):
    fake_ffmpeg("head -c 3000000 /dev/zero >&2")
    assert len(run().log) == 64 * 1024


def test_memory_is_bounded(fake_ffmpeg):
    fake_ffmpeg("while [ $(ulimit -v) = unlimited ]; do sleep 0.01; done; ulimit -v >&2; ulimit -t >&2")
    memory, processor = run(seconds=30.0).log.split()
    assert (int(memory), int(processor)) == (1024 * 1024, 31)


def test_too_slow_a_file_is_undecodable(fake_ffmpeg):
    fake_ffmpeg("sleep 1000")
    with pytest.raises(ServiceError, match="undecodable_audio"):
        decode(b"OggS", 0.2)


def test_old_ffmpeg_is_named_as_the_problem(fake_ffmpeg):
    fake_ffmpeg("echo 'fd:: Protocol not found' >&2; exit 1")
    with pytest.raises(RuntimeError, match="ffmpeg 6 or later"):
        run()


def test_ffmpeg_is_found_beside_python_then_on_the_path(fake_ffmpeg, tmp_path, monkeypatch):
    fake_ffmpeg("true")
    monkeypatch.delenv("FFMPEG_BINARY")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert find_ffmpeg() == str(tmp_path / "ffmpeg")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", f"/nowhere{os.pathsep}{tmp_path}")
    assert find_ffmpeg() == str(tmp_path / "ffmpeg")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FileNotFoundError, match="ffmpeg is missing"):
        find_ffmpeg()


def test_real_recordings_decode(recordings, recording_rows):
    for row in recording_rows[::200]:
        decoded = decode((recordings / row["filename"]).read_bytes(), SECONDS)
        assert len(decoded) / 2 / RATE == pytest.approx(float(row["seconds"]), abs=0.1)
