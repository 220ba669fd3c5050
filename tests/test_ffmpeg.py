"""The guards around the child process: on the real ffmpeg, and with a shell script in its place."""

import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
import sounds
from decoding import SECONDS

from birdapp.chalicelib import ffmpeg, ffmpeg_path
from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.ffmpeg import Recording, run_ffmpeg
from birdapp.chalicelib.ffmpeg_path import find_ffmpeg
from birdapp.chalicelib.graphs import FIRST_LOOK

RATE = sounds.SAMPLE_RATE


@pytest.fixture
def fake_ffmpeg(tmp_path, monkeypatch):
    """Put a shell script in ffmpeg's place."""

    def write(script):
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("FFMPEG_BINARY", str(path))

    return write


def run(data=b"recording", demuxers="wav", seconds=SECONDS, max_seconds=1):
    recording = Recording(data, demuxers, max_seconds, time.monotonic() + seconds)
    return run_ffmpeg(recording, FIRST_LOOK)


def test_the_child_reads_the_recording_and_sees_no_secret(fake_ffmpeg, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    fake_ffmpeg("cat; env >&2")
    decoded = run()
    assert decoded.pcm == b"recording"
    assert "PATH=" in decoded.log
    assert "secret" not in decoded.log.lower()


def test_a_child_that_never_ends_is_killed_with_its_children(fake_ffmpeg, tmp_path):
    fake_ffmpeg(
        f"sleep 1000 & echo $! > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; wait"
    )
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


def test_a_container_that_was_not_sniffed_is_not_looked_for(real_ffmpeg):
    wav = sounds.make_wav(b"\1\2" * RATE)
    assert run(wav, max_seconds=2).pcm
    assert not run(wav, "ogg", max_seconds=2).pcm


def test_a_codec_that_is_not_listed_is_not_run(real_ffmpeg, tmp_path):
    wav = sounds.encode(
        sounds.make_wav(b"\1\2" * RATE),
        ["-c:a", "adpcm_swf", "-ar", "22050", "-f", "wav"],
        tmp_path,
    )
    assert not run(wav, max_seconds=2).pcm


def test_the_descriptor_is_the_only_protocol(fake_ffmpeg):
    fake_ffmpeg('echo "$@" >&2')
    assert "-protocol_whitelist fd " in run().log


def test_output_without_end_is_cut(fake_ffmpeg):
    fake_ffmpeg("cat /dev/zero")
    assert len(run().pcm) == 2 * 2 * RATE


def test_a_log_without_end_is_cut(fake_ffmpeg):
    fake_ffmpeg("head -c 3000000 /dev/zero >&2")
    assert len(run().log) == 64 * 1024


def refuse(*_arguments):
    raise PermissionError("the sandbox refuses it")


@pytest.mark.parametrize("refused", [False, True], ids=["from here", "in the child"])
def test_memory_is_bounded(fake_ffmpeg, monkeypatch, refused):
    fake_ffmpeg(
        "while [ $(ulimit -v) = unlimited ]; do sleep 0.01; done; ulimit -v >&2; ulimit -t >&2"
    )
    if refused:
        monkeypatch.setattr(resource, "prlimit", refuse)
    memory, processor = run(seconds=30.0).log.split()
    assert (int(memory), int(processor)) == (1024 * 1024, 31)


@pytest.mark.parametrize(("module", "name"), [(os, "memfd_create"), (resource, "prlimit")])
def test_a_sandbox_that_refuses_a_guard_still_decodes(
    module, name, encoded, monkeypatch, real_ffmpeg
):
    wanted = decode(encoded["m4a_alac"], SECONDS)
    monkeypatch.setattr(module, name, refuse)
    assert decode(encoded["m4a_alac"], SECONDS) == wanted


def test_without_memfd_nothing_stays_on_the_disk(fake_ffmpeg, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "memfd_create", refuse)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "files"))
    (tmp_path / "files").mkdir()
    fake_ffmpeg("cat")
    assert run().pcm == b"recording"
    assert list((tmp_path / "files").iterdir()) == []


def test_limits_that_the_child_cannot_set_do_not_stop_it(fake_ffmpeg, monkeypatch):
    monkeypatch.setattr(resource, "prlimit", refuse)
    monkeypatch.setattr(ffmpeg, "MAX_MEMORY_BYTES", -1)  # No shell takes that.
    fake_ffmpeg("cat")
    assert run().pcm == b"recording"


def test_too_slow_a_file_is_undecodable(fake_ffmpeg):
    fake_ffmpeg("sleep 1000")
    with pytest.raises(ServiceError, match="undecodable_audio"):
        decode(b"OggS", 0.2)


def test_too_slow_a_file_among_others_is_asked_to_come_back(fake_ffmpeg):
    fake_ffmpeg("sleep 1000")
    codes = []

    def late():
        with pytest.raises(ServiceError) as error:
            decode(b"OggS", 0.5)
        codes.append(error.value.code)

    threads = [threading.Thread(target=late) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ["upstream_unavailable"] * 2
    late()
    assert codes[2:] == ["undecodable_audio"]


def test_old_ffmpeg_is_named_as_the_problem(fake_ffmpeg):
    fake_ffmpeg("echo 'fd:: Protocol not found' >&2; exit 1")
    with pytest.raises(RuntimeError, match="ffmpeg 6 or later"):
        run()


def test_ffmpeg_is_found_beside_python_then_in_its_package_then_on_the_path(
    fake_ffmpeg, tmp_path, monkeypatch
):
    fake_ffmpeg("true")
    monkeypatch.delenv("FFMPEG_BINARY")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert find_ffmpeg() == str(tmp_path / "ffmpeg")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", f"/nowhere{os.pathsep}{tmp_path}")
    assert find_ffmpeg() == sounds.FFMPEG
    monkeypatch.setattr(ffmpeg_path, "find_spec", lambda _name: None)
    assert find_ffmpeg() == str(tmp_path / "ffmpeg")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FileNotFoundError, match="ffmpeg is missing"):
        find_ffmpeg()
