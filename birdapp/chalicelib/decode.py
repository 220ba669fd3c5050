"""The bytes of an audio file -> mono 16-bit PCM at 22,050 Hz. Training decodes with it too."""

import warnings

from .errors import ServiceError
from .ffmpeg import Decoded, run_ffmpeg
from .ffmpeg_log import has_no_audio_stream, has_sound, header_problem
from .formats import sniff
from .pcm import SAMPLE_BYTES
from .pcm import SAMPLE_RATE as SAMPLE_RATE  # noqa: PLC0414 training takes it from here
from .wav import PlainWav, parse_plain_wav

with warnings.catch_warnings():
    # pydub looks for an ffmpeg that we never let it call, and for a module that Python 3.13 drops.
    warnings.filterwarnings("ignore", "Couldn't find ffmpeg or avconv", RuntimeWarning)
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", "invalid escape sequence", SyntaxWarning)
    from pydub import AudioSegment

MIN_SECONDS = 0.5
# Encoders pad: a recording of 60 s may decode to a little more.
MAX_SECONDS = 60.5
DECODE_SECONDS = 5.0
MAX_DETAIL_CHARACTERS = 300


def decode(data: bytes, seconds_left: float, *, max_seconds: float = MAX_SECONDS) -> bytes:
    """Decode a file of a listed format to mono 16-bit little-endian PCM at 22,050 Hz.

    Takes at most `seconds_left` of wall time. Raises ServiceError with the code unsupported_audio, undecodable_audio,
    no_audio_stream, audio_too_short or audio_too_long, and what run_ffmpeg raises where ffmpeg itself is at fault.
    """
    formats = sniff(data)
    if formats is None:
        raise ServiceError("unsupported_audio")
    wav = parse_plain_wav(data)
    if wav is not None and wav.sample_rate == SAMPLE_RATE:
        return _check_length(_to_mono(wav), max_seconds)
    try:
        decoded = run_ffmpeg(data, formats, seconds=seconds_left, max_seconds=max_seconds)
    except TimeoutError as error:
        raise ServiceError(
            "undecodable_audio", "Decoding this file takes too long.", detail=str(error)
        ) from error
    _check_decoded(decoded)
    return _check_length(decoded.pcm, max_seconds)


def _to_mono(wav: PlainWav) -> bytes:
    segment = AudioSegment(
        data=wav.pcm, sample_width=SAMPLE_BYTES, frame_rate=wav.sample_rate, channels=wav.channels
    ).set_channels(1)
    return bytes(segment.raw_data)


def _check_decoded(decoded: Decoded) -> None:
    if has_no_audio_stream(decoded.log):
        raise ServiceError("no_audio_stream")
    if problem := header_problem(decoded.log):
        raise ServiceError("undecodable_audio", problem)
    if not has_sound(decoded.log) or not decoded.pcm:
        raise ServiceError("undecodable_audio", detail=decoded.log[-MAX_DETAIL_CHARACTERS:])


def _check_length(pcm: bytes, max_seconds: float) -> bytes:
    seconds = len(pcm) / SAMPLE_BYTES / SAMPLE_RATE
    if seconds < MIN_SECONDS:
        raise ServiceError("audio_too_short")
    if seconds > max_seconds:
        raise ServiceError("audio_too_long")
    return pcm
