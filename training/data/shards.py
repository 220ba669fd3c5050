"""One recording -> its windows in a shard file, whole or not at all; many of them on all cores."""

import multiprocessing
import os
import signal
import stat
import threading
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from birdapp.chalicelib.decode import decode_start
from birdapp.chalicelib.errors import ServiceError
from spectrogram_fn import spectrogram

# A cell this far above the median of its own frequency row over the window is an event: noise
# alone, whose power is exponentially distributed, gets there in 0.1 % of its cells.
EVENT_DB = 10.0
# Archives hold longer recordings than the app takes; of a longer one still, the start is used.
LONGEST_SECONDS = 3_600.0
DECODE_SECONDS = 120.0
SAMPLE_BYTES = 2
PCM = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Job:
    """Turn `audio` into `shard`; only the first `cut_seconds` of it where they are given."""

    audio: Path
    shard: Path
    cut_seconds: float | None


@dataclass(frozen=True)
class Shard:
    """The windows of one recording.

    pcm [n, 110250]; start_seconds, end_seconds, silent and activity [n].
    """

    pcm: PCM
    start_seconds: npt.NDArray[np.float64]
    end_seconds: npt.NDArray[np.float64]
    silent: npt.NDArray[np.bool_]
    activity: npt.NDArray[np.float64]


def make_shards(jobs: Iterable[Job], *, processes: int) -> Iterator[str]:
    """Make the missing shards on `processes` cores; return for each job "" or why it has none."""
    if processes == 1:
        yield from map(make_shard, jobs)
        return
    # A progress bar has a thread, and a process with threads must not be forked.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            yield from pool.map(make_shard, jobs, chunksize=4)
        except BaseException:
            # Stopped: no shard is ever half, so nothing is lost with who makes one. Asked to end by
            # themselves, workers can wait for ever where Ctrl-C reached them too.
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def _end_with_parent() -> None:
    """End a worker with a main process that was killed; Ctrl-C is the main process's alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def make_shard(job: Job) -> str:
    """Make one shard unless it is there. Return "", or in words why this recording has none."""
    if _is_made(job):
        return ""
    try:
        samples = read_audio(job.audio, cut_seconds=job.cut_seconds)
    except FileNotFoundError:
        return "missing file"
    except (OSError, ValueError) as error:
        return f"unreadable: {error}"
    write_shard(job.shard, cut(samples))
    return ""


def _is_made(job: Job) -> bool:
    """Return whether there is a shard, and no newer audio.

    Machines that join the shards of others have no audio.
    """
    if not job.shard.exists():
        return False
    try:
        return job.audio.stat().st_mtime <= job.shard.stat().st_mtime
    except OSError:
        return True


def read_audio(audio: Path, *, cut_seconds: float | None = None) -> spectrogram.Samples:
    """Decode a recording, or its start, as the app does: mono samples [n] at 22,050 Hz.

    Raises OSError where it cannot be read, ValueError where no sound comes out.
    """
    try:
        # Cut before the samples are made, which take three times the memory.
        return spectrogram.from_pcm(read_pcm(audio, cut_seconds or LONGEST_SECONDS))
    except ServiceError as error:
        raise ValueError(f"{error.code}: {error.detail or error.message}") from error


def read_pcm(audio: Path, seconds: float = LONGEST_SECONDS) -> bytes:
    """Decode the first `seconds` of a recording, an hour at most, to 16-bit PCM at 22,050 Hz.

    Raises OSError, ServiceError.
    """
    # A pipe among the recordings would be waited for for ever.
    if not stat.S_ISREG(audio.stat().st_mode):
        raise OSError(f"{audio} is not a file")
    data = audio.read_bytes()
    try:
        pcm = decode_start(data, DECODE_SECONDS, max_seconds=LONGEST_SECONDS)
    except FileNotFoundError as error:
        raise RuntimeError(str(error)) from error
    used = round(min(seconds, LONGEST_SECONDS) * spectrogram.SAMPLE_RATE) * SAMPLE_BYTES
    return pcm[:used]


def cut(samples: spectrogram.Samples) -> Shard:
    """Cut samples [n] into windows as the app does, and measure each."""
    windows = spectrogram.split_windows(samples)
    return Shard(
        pcm=np.stack([to_pcm(window.samples) for window in windows]),
        start_seconds=np.array([window.start_seconds for window in windows]),
        end_seconds=np.array([window.end_seconds for window in windows]),
        silent=np.array([spectrogram.is_silent(window.samples) for window in windows]),
        activity=np.array([activity(window.samples) for window in windows]),
    )


def to_pcm(samples: spectrogram.Samples) -> PCM:
    """Turn samples [n] in [-1, 1) into 16-bit PCM: the exact inverse of spectrogram.from_pcm."""
    scaled: npt.NDArray[np.float32] = np.rint(samples * np.float32(spectrogram.PCM_FULL_SCALE))
    return scaled.clip(-spectrogram.PCM_FULL_SCALE, spectrogram.PCM_FULL_SCALE - 1).astype(np.int16)


def activity(window: spectrogram.Samples) -> float:
    """Return how much happens in a window [110250]: the share of cells 10 dB above their row.

    Rows below 200 Hz (wind, handling) do not count. Steady sound (noise, hum, rain) is near 0
    however loud, a few calls give some hundredths, song all the time 0.1 and more. 0 for a silent
    window.
    """
    first_row = int(
        np.ceil(spectrogram.LOUDEST_FROM_HZ * spectrogram.SEGMENT_SAMPLES / spectrogram.SAMPLE_RATE)
    )
    decibels = spectrogram.to_spectrogram(window)[first_row:] * spectrogram.DYNAMIC_RANGE_DB
    return float((decibels > np.median(decibels, axis=1, keepdims=True) + EVENT_DB).mean())


def write_shard(path: Path, shard: Shard) -> None:
    """Write a shard under another name and rename it, so that a stopped run leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.savez(file, **shard.__dict__)
    partial.replace(path)


def read_shard(path: Path) -> Shard:
    """Read a shard. Raises ValueError naming the file where it is none."""
    try:
        # numpy leaves a file open that it cannot read; this one is closed.
        with path.open("rb") as file, np.load(file) as arrays:
            fields: dict[str, Any] = {name: arrays[name] for name in Shard.__dataclass_fields__}
    except (KeyError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: expected a shard of windows; delete it and run again") from error
    return Shard(**fields)
