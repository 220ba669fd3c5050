"""One guarded call of ffmpeg on a stranger's file.

What guards it: only the sniffed container and known codecs, no protocol but the file's own descriptor, bounded memory,
processor time, wall time and output, no secrets in the environment, and its whole process group killed at the end.
"""

import contextlib
import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .ffmpeg_log import header_problem
from .formats import CODECS
from .pcm import SAMPLE_BYTES, SAMPLE_RATE

# ffmpeg stops this much after the limit, so that the caller sees that there was more.
OVERTIME_SECONDS = 0.5
MAX_BLOCK_BYTES = 256 * 1024 * 1024
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_LOG_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
# The side branch puts the header of the first sound into the log.
GRAPH = "[0:a:0]asplit[sound][first];[first]atrim=end_sample=1,ashowinfo,anullsink"


@dataclass(frozen=True)
class Decoded:
    """What came out: PCM, and what ffmpeg said about the file."""

    pcm: bytes
    log: str


def find_ffmpeg() -> str:
    """Path of ffmpeg: the setting FFMPEG_BINARY, else beside this Python, else on the PATH.

    Raises FileNotFoundError where there is none.
    """
    beside = str(Path(sys.executable).parent)
    found = (
        os.environ.get("FFMPEG_BINARY")
        or shutil.which("ffmpeg", path=beside)
        or shutil.which("ffmpeg")
    )
    if not found:
        raise FileNotFoundError("ffmpeg is missing: put it on the PATH or name it in FFMPEG_BINARY")
    return found


def run_ffmpeg(data: bytes, formats: str, *, seconds: float, max_seconds: float) -> Decoded:
    """Decode the first audio stream of `data`, a little over `max_seconds` of it, to PCM.

    `formats` are the containers that ffmpeg may look for. A header outside the limits ends it early.
    Raises TimeoutError after `seconds`, FileNotFoundError without ffmpeg, RuntimeError where it is older than 6.
    """
    command = _command(formats, max_seconds + OVERTIME_SECONDS)
    max_bytes = round((max_seconds + 2 * OVERTIME_SECONDS) * SAMPLE_RATE) * SAMPLE_BYTES
    with _memory_file(data) as source, _started(command, source, seconds) as process:
        decoded = _read(process, max_bytes, time.monotonic() + seconds)
    if "fd:: Protocol not found" in decoded.log:
        raise RuntimeError(
            f"{command[0]} cannot read from a descriptor: ffmpeg 6 or later is needed"
        )
    return decoded


def _command(formats: str, max_seconds: float) -> list[str]:
    quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "info"]
    guards = ["-protocol_whitelist", "fd", "-format_whitelist", formats]
    guards += ["-codec_whitelist", ",".join(CODECS)]
    bounds = ["-max_alloc", str(MAX_BLOCK_BYTES), "-t", str(max_seconds), "-threads", "1"]
    graph = ["-filter_complex_threads", "1", "-filter_complex", GRAPH, "-map", "[sound]"]
    output = ["-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1"]
    return [find_ffmpeg(), *quiet, *guards, *bounds, "-i", "fd:", *graph, *output]


@contextlib.contextmanager
def _memory_file(data: bytes) -> Iterator[IO[bytes]]:
    """Put `data` into a seekable file that never touches a disk, open at its start."""
    with os.fdopen(os.memfd_create("recording"), "w+b") as file:
        file.write(data)
        file.seek(0)
        yield file


@contextlib.contextmanager
def _started(
    command: list[str], source: IO[bytes], seconds: float
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process of its own group, without our secrets; when the block is left, however, the group is killed."""
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        stdin=source,
        stdout=pipe,
        stderr=pipe,
        env=environment,
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            # Should we be killed ourselves, it still ends.
            resource.prlimit(
                process.pid, resource.RLIMIT_CPU, (round(seconds) + 1, round(seconds) + 1)
            )
            resource.prlimit(process.pid, resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _read(process: "subprocess.Popen[bytes]", max_bytes: int, end: float) -> Decoded:
    """Read PCM up to `max_bytes` and the first of the log. Raises TimeoutError when the clock passes `end`."""
    pcm, log = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout or 1, selectors.EVENT_READ, pcm)
        selector.register(process.stderr or 2, selectors.EVENT_READ, log)
        while (
            selector.get_map()
            and len(pcm) < max_bytes
            and not header_problem(log.decode("utf-8", "replace"))
        ):
            if (left := end - time.monotonic()) <= 0:
                raise TimeoutError("ffmpeg did not finish in time")
            for key, _ in selector.select(left):
                _read_some(selector, key)
            del log[MAX_LOG_BYTES:]
    return Decoded(bytes(pcm[:max_bytes]), log.decode("utf-8", "replace"))


def _read_some(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Add what a pipe holds to its bytearray; forget the pipe at its end."""
    if some := os.read(key.fd, READ_BYTES):
        key.data.extend(some)
    else:
        selector.unregister(key.fileobj)
