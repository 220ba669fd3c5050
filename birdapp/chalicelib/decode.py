"""The bytes of an audio file -> mono 16-bit PCM at 22,050 Hz. Training decodes with it too."""

import time

from . import ffmpeg_log, graphs, second_look
from .company import Company
from .errors import UNKNOWN_SOUND, ServiceError
from .ffmpeg import Decoded, Recording, run_ffmpeg
from .formats import sniff
from .mono import mix
from .mp3 import find_frames
from .ogg import split_links
from .pcm import SAMPLE_BYTES
from .pcm import SAMPLE_RATE as SAMPLE_RATE  # noqa: PLC0414 training takes it from here
from .wav import mend, parse_plain_wav

MIN_SECONDS = 0.5
# Encoders pad: a recording of 60 s may decode to a little more.
MAX_SECONDS = 60.5
DECODE_SECONDS = 5.0
MAX_DETAIL_CHARACTERS = 300

# On this machine many requests share the processor; a Lambda has one at a time.
_decoding = Company()


def decode(data: bytes, seconds_left: float, *, max_seconds: float = MAX_SECONDS) -> bytes:
    """Decode a file of a listed format to mono 16-bit little-endian PCM at 22,050 Hz.

    Takes at most `seconds_left` of wall time. Raises ServiceError with the code unsupported_audio,
    undecodable_audio, no_audio_stream, audio_too_short, audio_too_long or, where the time ran out
    while others decoded, upstream_unavailable; and what run_ffmpeg raises where ffmpeg itself is at
    fault.
    """
    pcm = decode_start(data, seconds_left, max_seconds=max_seconds)
    if len(pcm) > max_seconds * SAMPLE_RATE * SAMPLE_BYTES:
        raise ServiceError("audio_too_long")
    return pcm


def decode_start(data: bytes, seconds_left: float, *, max_seconds: float) -> bytes:
    """Decode as `decode` does, but return `max_seconds` or a little more of what is longer."""
    wav = parse_plain_wav(data)
    if wav is not None and wav.sample_rate == SAMPLE_RATE:
        pcm = mix(wav.pcm, wav.channels)
    else:
        end = time.monotonic() + seconds_left
        parts = [Recording(part, name, max_seconds, end) for part, name in _parts(data)]
        with _decoding.joined() as had_company:
            try:
                pcm = b"".join(_decode_part(part) for part in parts)
            except TimeoutError as error:
                raise _too_slow(str(error), crowded=had_company()) from error
    if len(pcm) < MIN_SECONDS * SAMPLE_RATE * SAMPLE_BYTES:
        raise ServiceError("audio_too_short")
    return pcm


def _too_slow(detail: str, *, crowded: bool) -> ServiceError:
    """Return the error of a decode that ran out of time: the file's fault only if it was alone."""
    if crowded:
        return ServiceError("upstream_unavailable", detail=f"{detail}; others decoded meanwhile")
    return ServiceError("undecodable_audio", "Decoding this file takes too long.", detail=detail)


def _parts(data: bytes) -> list[tuple[bytes, str]]:
    """Return what ffmpeg decodes, one after the other, and the demuxers for it."""
    demuxers = sniff(data)
    if demuxers == "ogg":
        return [(link, demuxers) for link in split_links(data)]
    if demuxers == "wav":
        return [(mend(data), demuxers)]
    if demuxers is not None:
        return [(data, demuxers)]
    start = find_frames(data)
    if start is None:
        raise ServiceError("unsupported_audio")
    return [(data[start:], "mp3")]


def _decode_part(recording: Recording) -> bytes:
    decoded = run_ffmpeg(recording, graphs.FIRST_LOOK)
    _check_decoded(decoded)
    pcm = mix(decoded.pcm, ffmpeg_log.channels(decoded.log))
    if second_look.is_needed(decoded.log, pcm):
        return second_look.look(recording, decoded.log, pcm)
    return pcm


def _check_decoded(decoded: Decoded) -> None:
    if ffmpeg_log.has_no_audio_stream(decoded.log):
        raise ServiceError("no_audio_stream")
    if problem := ffmpeg_log.header_problem(decoded.log):
        raise ServiceError("undecodable_audio", problem)
    if ffmpeg_log.has_sound(decoded.log) and decoded.pcm:
        return
    detail = decoded.log[-MAX_DETAIL_CHARACTERS:]
    if ffmpeg_log.has_unknown_codec(decoded.log):
        raise ServiceError("unsupported_audio", UNKNOWN_SOUND, detail=detail)
    raise ServiceError("undecodable_audio", detail=detail)
