"""What ffmpeg's log says about a file: its streams, the header of the sound, and its levels.

Metadata cannot pose as these lines, since ffmpeg indents each line of it further.
"""

import re

from .formats import CODECS
from .levels import Level, Levels

MIN_HERTZ = 4_000
MAX_HERTZ = 384_000
MAX_CHANNELS = 8
FINE_LOSSLESS = {"flac", "alac"}

_INPUT = re.compile(r"^Input #0", re.M)
_AUDIO_STREAM = re.compile(r"^  Stream #0:\d+.*?: Audio: (\w+)(?:.*?, (\d+) Hz)?(.*)", re.M)
# The filter ashowinfo reports the first sound before it is converted.
_FIRST_SOUND = re.compile(
    r"^\[Parsed_ashowinfo\S* @ \S+\] n:.*? channels:(\d+) .*? rate:(\d+) ", re.M
)
_NO_NUMBERS = re.compile(r"^\[astats@raw @ \S+\] Number of (?:NaNs|Infs): (\S+)", re.M)
_LEVEL = re.compile(
    r"^\[astats@(mean|channels) @ \S+\] (?:Channel: (\d+)|(DC|Peak|RMS) .*?: (\S+))", re.M
)


def has_no_audio_stream(log: str) -> bool:
    """Return whether the container was read and no stream in it is sound."""
    return bool(_INPUT.search(log)) and not _AUDIO_STREAM.search(log)


def has_unknown_codec(log: str) -> bool:
    """Return whether the first sound is coded in a way that is not listed."""
    stream = _AUDIO_STREAM.search(log)
    return stream is not None and stream[1] not in CODECS


def has_sound(log: str) -> bool:
    """Return whether any sound was decoded."""
    return bool(_FIRST_SOUND.search(log))


def channels(log: str) -> int:
    """Return the number of channels of the first sound; 0 where there is none."""
    sound = _FIRST_SOUND.search(log)
    return int(sound[1]) if sound else 0


def tracks(log: str) -> int:
    """Return the number of streams that are sound in the input."""
    return len(_AUDIO_STREAM.findall(log.partition("\nStream mapping:")[0]))


def is_fine(log: str) -> bool:
    """Return whether the file holds more than 16 bits a sample, without loss."""
    stream = _AUDIO_STREAM.search(log)
    if not stream or not (stream[1].startswith("pcm_") or stream[1] in FINE_LOSSLESS):
        return False
    return bool(re.search(r"\b(s32|s64|flt|dbl)p?\b", stream[3]))


def is_float(log: str) -> bool:
    """Return whether the samples of the file are floating-point numbers."""
    stream = _AUDIO_STREAM.search(log)
    return stream is not None and stream[1].startswith("pcm_f")


def header_problem(log: str) -> str | None:
    """Return what is wrong with the header of the sound.

    None where nothing is, or where it has not been read yet.
    """
    stream, sound = _AUDIO_STREAM.search(log), _FIRST_SOUND.search(log)
    # The stream's line comes before a resampler for 100 MHz is set up, which takes seconds.
    if stream and stream[2] and not MIN_HERTZ <= int(stream[2]) <= MAX_HERTZ:
        return f"Expected 4 to 384 kHz, but this file says {int(stream[2]) / 1000:g} kHz."
    if sound and int(sound[1]) > MAX_CHANNELS:
        return f"Expected 1 to {MAX_CHANNELS} channels, but this file has {sound[1]}."
    if sound and not MIN_HERTZ <= int(sound[2]) <= MAX_HERTZ:
        return f"Expected 4 to 384 kHz, but this file has {int(sound[2]) / 1000:g} kHz."
    return None


def has_no_numbers(log: str) -> bool:
    """Return whether the graph `measuring` has met NaN or infinity."""
    return any(float(count) for count in _NO_NUMBERS.findall(log))


def levels(log: str) -> Levels | None:
    """Return what the graph `measuring` has written; None where it has not come to its end."""
    found: dict[tuple[str, int], dict[str, float]] = {}
    values: dict[str, float] = {}
    for kind, channel, name, value in _LEVEL.findall(log):
        if channel:
            values = found.setdefault((kind, int(channel)), {})
        else:
            values[name] = float(value)
    mean = [_level(values) for (kind, _), values in found.items() if kind == "mean"]
    each = [_level(values) for (kind, _), values in found.items() if kind == "channels"]
    return Levels(mean[0], tuple(each)) if mean and each else None


def _level(values: dict[str, float]) -> Level:
    """Turn ffmpeg's decibels (-inf is silence) into parts of full scale."""
    offset = values["DC"]
    peak, rms = (10 ** (values[name] / 20) for name in ("Peak", "RMS"))
    return Level(offset, max(peak - abs(offset), 0.0), max(rms**2 - offset**2, 0.0))
