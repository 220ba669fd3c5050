"""What ffmpeg's log says about a file: its streams, and the header of the sound.

Metadata cannot pose as these lines, since ffmpeg indents each line of it further.
"""

import re

MIN_HERTZ = 4_000
MAX_HERTZ = 384_000
MAX_CHANNELS = 8

_INPUT = re.compile(r"^Input #0", re.M)
_AUDIO_STREAM = re.compile(r"^  Stream #0:\d+.*?: Audio: (?:.*?, (\d+) Hz)?", re.M)
# The filter ashowinfo reports the first sound before it is converted.
_FIRST_SOUND = re.compile(
    r"^\[Parsed_ashowinfo\S* @ \S+\] n:.*? channels:(\d+) .*? rate:(\d+) ", re.M
)


def has_no_audio_stream(log: str) -> bool:
    """Tell whether the container was read and no stream in it is sound."""
    return bool(_INPUT.search(log)) and not _AUDIO_STREAM.search(log)


def has_sound(log: str) -> bool:
    """Tell whether any sound was decoded."""
    return bool(_FIRST_SOUND.search(log))


def header_problem(log: str) -> str | None:
    """Say what is wrong with the header of the sound; None where nothing is, or where it has not been read yet."""
    stream, sound = _AUDIO_STREAM.search(log), _FIRST_SOUND.search(log)
    # The stream's line comes before a resampler for 100 MHz is set up, which takes seconds.
    if stream and stream[1] and not MIN_HERTZ <= int(stream[1]) <= MAX_HERTZ:
        return f"Expected 4 to 384 kHz, but this file says {int(stream[1]) / 1000:g} kHz."
    if sound and int(sound[1]) > MAX_CHANNELS:
        return f"Expected 1 to {MAX_CHANNELS} channels, but this file has {sound[1]}."
    if sound and not MIN_HERTZ <= int(sound[2]) <= MAX_HERTZ:
        return f"Expected 4 to 384 kHz, but this file has {int(sound[2]) / 1000:g} kHz."
    return None
