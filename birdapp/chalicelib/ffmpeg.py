"""One guarded call of ffmpeg on a stranger's file.

What guards it: only the sniffed container and known codecs, no protocol but the file's own
descriptor, bounded memory, processor time, wall time and output, no secrets in the environment, and
its whole process group killed at the end.
"""

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from .ffmpeg_log import channels, header_problem
from .ffmpeg_path import find_ffmpeg
from .formats import CODECS
from .pcm import SAMPLE_BYTES, SAMPLE_RATE

# ffmpeg stops this much after the limit, so that the caller sees that there was more.
OVERTIME_SECONDS = 0.5
MAX_BLOCK_BYTES = 256 * 1024 * 1024
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_LOG_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
LIMIT_ITSELF = '{ ulimit -t "$1"; ulimit -v "$2"; } 2>/dev/null; shift 2; exec "$@"'


@dataclass(frozen=True)
class Recording:
    """A stranger's file: what ffmpeg may look for in it, how much of it counts, and until when.

    `end` is a time of time.monotonic().
    """

    data: bytes
    demuxers: str
    max_seconds: float
    end: float


@dataclass(frozen=True)
class Decoded:
    """What came out: interleaved PCM, and what ffmpeg said about the file."""

    pcm: bytes
    log: str


def run_ffmpeg(recording: Recording, graph: str) -> Decoded:
    """Decode a recording through a filter graph, a little over `max_seconds` of it, to PCM.

    A header outside the limits ends it early. Raises TimeoutError at the recording's end of time,
    FileNotFoundError without ffmpeg, RuntimeError where it is older than 6.
    """
    command = _command(recording, graph)
    frames = round((recording.max_seconds + 2 * OVERTIME_SECONDS) * SAMPLE_RATE)
    with (
        _memory_file(recording.data) as source,
        _started(command, source, recording.end - time.monotonic()) as process,
    ):
        decoded = _read(process, frames, recording.end)
    if "fd:: Protocol not found" in decoded.log:
        raise RuntimeError(
            f"{command[0]} cannot read from a descriptor: ffmpeg 6 or later is needed"
        )
    return decoded


def _command(recording: Recording, graph: str) -> list[str]:
    seconds = str(recording.max_seconds + OVERTIME_SECONDS)
    quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "info"]
    guards = ["-protocol_whitelist", "fd", "-format_whitelist", recording.demuxers]
    guards += ["-codec_whitelist", ",".join(CODECS)]
    bounds = ["-max_alloc", str(MAX_BLOCK_BYTES), "-t", seconds, "-threads", "1"]
    graphs = ["-filter_complex_threads", "1", "-filter_complex", graph, "-map", "[sound]"]
    output = ["-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1"]
    return [find_ffmpeg(), *quiet, *guards, *bounds, "-i", "fd:", *graphs, *output]


def _memory_file(data: bytes) -> IO[bytes]:
    """Return a seekable file with `data` that never touches a disk.

    Where a sandbox has no memfd it is a file in /tmp, without a name.
    """
    try:
        file: IO[bytes] = os.fdopen(os.memfd_create("recording"), "w+b")
    except OSError:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (who takes it closes it)
    file.write(data)
    file.seek(0)
    return file


@contextlib.contextmanager
def _started(
    command: list[str], source: IO[bytes], seconds: float
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process that ends by itself, should we be killed: with limits on time and memory.

    They are set from here; where a sandbox refuses that, in the child, before it becomes ffmpeg.
    """
    processor_seconds = max(round(seconds), 0) + 1
    limits = ((resource.RLIMIT_CPU, processor_seconds), (resource.RLIMIT_AS, MAX_MEMORY_BYTES))
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(_spawned(command, source))
        try:
            for kind, limit in limits:
                resource.prlimit(process.pid, kind, (limit, limit))
        except OSError:
            stack.close()
            source.seek(0)
            numbers = [str(processor_seconds), str(MAX_MEMORY_BYTES // 1_024)]
            limited = ["/bin/sh", "-c", LIMIT_ITSELF, "sh", *numbers, *command]
            process = stack.enter_context(_spawned(limited, source))
        yield process


@contextlib.contextmanager
def _spawned(command: list[str], source: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process in a group of its own, without our secrets.

    However the block is left, the whole group is killed.
    """
    with subprocess.Popen(
        command,
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _read(process: "subprocess.Popen[bytes]", max_frames: int, end: float) -> Decoded:
    """Read PCM up to `max_frames` and the start of the log. Raises TimeoutError at `end`."""
    pcm, log, text, max_bytes = bytearray(), bytearray(), "", max_frames * SAMPLE_BYTES
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout or 1, selectors.EVENT_READ, pcm)
        selector.register(process.stderr or 2, selectors.EVENT_READ, log)
        while selector.get_map() and len(pcm) < max_bytes and not header_problem(text):
            if (left := end - time.monotonic()) <= 0:
                raise TimeoutError("ffmpeg did not finish in time")
            for key, _ in selector.select(left):
                _read_some(selector, key)
            del log[MAX_LOG_BYTES:]
            text = log.decode("utf-8", "replace")
            max_bytes = max_frames * SAMPLE_BYTES * max(channels(text), 1)
    del pcm[max_bytes:]
    return Decoded(bytes(pcm), text)


def _read_some(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Add what a pipe holds to its bytearray; forget the pipe at its end."""
    if some := os.read(key.fd, READ_BYTES):
        key.data.extend(some)
    else:
        selector.unregister(key.fileobj)
