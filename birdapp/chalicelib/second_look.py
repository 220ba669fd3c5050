"""When the first track, rounded to 16 bits, may not be all that there is to hear.

Measure then, and decode what the measurement shows: another track, or a recording brought into the
range of 16 bits (docs/contracts.md, "Levels"). It costs two more runs of ffmpeg, so the usual
recording must not need it.
"""

from . import ffmpeg_log, graphs
from .errors import ServiceError
from .ffmpeg import Recording, run_ffmpeg
from .levels import QUIET_PEAK, SILENT_POWER, Level, pick
from .mono import level

# A camera has two; more would cost a run of ffmpeg each.
MAX_TRACKS = 4
CLIPPED_PEAK = 0.999


def is_needed(log: str, pcm: bytes) -> bool:
    """Return whether the first look, which gave this log and one channel of PCM, leaves a doubt."""
    fine, tracks = ffmpeg_log.is_fine(log), ffmpeg_log.tracks(log)
    if not fine and tracks == 1:
        return False
    heard = level(pcm)
    return (
        (fine and heard.peak < QUIET_PEAK)
        or (ffmpeg_log.is_float(log) and _clips(heard))
        or (tracks > 1 and heard.power < SILENT_POWER)
    )


def look(recording: Recording, log: str, pcm: bytes) -> bytes:
    """Decode what is heard best. Raises ServiceError with undecodable_audio, and TimeoutError."""
    samples = graphs.FINITE if ffmpeg_log.is_float(log) else graphs.EXACT
    may_raise, no_numbers = ffmpeg_log.is_fine(log), False
    for track in range(min(ffmpeg_log.tracks(log), MAX_TRACKS)):
        measured = run_ffmpeg(recording, graphs.measuring(track, samples)).log
        levels = ffmpeg_log.levels(measured)
        picked = pick(levels, may_raise=may_raise) if levels else None
        if picked and not picked.is_silent:
            return run_ffmpeg(recording, graphs.picking(track, samples, picked)).pcm
        no_numbers |= ffmpeg_log.has_no_numbers(measured)
    if no_numbers:
        raise ServiceError("undecodable_audio", detail="nothing but NaN and infinity")
    return pcm


def _clips(heard: Level) -> bool:
    return heard.peak + abs(heard.offset) >= CLIPPED_PEAK
