"""The audio formats of the API, one row each; texts, whitelists and suffixes come from here."""

import re
from dataclasses import dataclass

# Second byte: version and layer. Third: bitrate (15 is invalid), sample rate (3 is).
_MP3_SECOND = b"\xe2\xe3\xea\xeb\xf2\xf3\xfa\xfb"
_MP3_THIRD = bytes(byte for byte in range(0xF0) if byte & 0b1100 != 0b1100)
MP3_FRAME = b"\xff[" + _MP3_SECOND + b"][" + re.escape(_MP3_THIRD) + b"]."
ADTS_FRAME = b"\xff[\xf0\xf1\xf8\xf9].."


@dataclass(frozen=True)
class AudioFormat:
    """What texts call a format, how its files begin, and what of ffmpeg reads them."""

    label: str
    begins: bytes  # A regular expression.
    demuxer: str
    codecs: str  # With commas.
    suffixes: tuple[str, ...]
    media_types: tuple[str, ...]
    holds: str = ""  # What the label says of the codecs.


# In the order of the texts. A tag (ID3) can stand before three formats; all else is unambiguous.
FORMATS = (
    AudioFormat(
        "WAV",
        rb"(RIFF|RF64|BW64)....WAVE",
        "wav",
        "pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw,"
        "adpcm_ima_wav,adpcm_ms",
        (".wav", ".wave"),
        ("audio/wav", "audio/x-wav"),
    ),
    AudioFormat(
        "MP3",
        b"ID3|" + MP3_FRAME,
        "mp3",
        "mp3,mp3float",
        (".mp3",),
        ("audio/mpeg",),
    ),
    AudioFormat(
        "OGG",
        rb"OggS",
        "ogg",
        "vorbis,opus,libopus,flac",
        (".ogg", ".oga", ".opus"),
        ("audio/ogg", "audio/opus"),
        holds="Vorbis, Opus",
    ),
    AudioFormat("FLAC", rb"ID3|fLaC", "flac", "flac", (".flac",), ("audio/flac",)),
    AudioFormat(
        "M4A",
        # QuickTime's older files have no "ftyp", or something to skip before it.
        rb"....(ftyp|moov|mdat|wide|skip|free)",
        "mov",
        "aac,alac,pcm_s8,pcm_s16be,pcm_s24be,pcm_s32be",
        (".m4a", ".mp4", ".mov", ".3gp"),
        ("audio/mp4", "audio/x-m4a", "video/mp4", "video/quicktime"),
        holds="AAC, ALAC",
    ),
    AudioFormat("AAC", b"ID3|" + ADTS_FRAME, "aac", "aac", (".aac",), ("audio/aac",)),
    AudioFormat(
        "AIFF",
        rb"FORM....AIF[FC]",
        "aiff",
        # AIFF-C's "sowt", "raw ", "fl32", "fl64", "alaw" and "ulaw" included.
        "pcm_s8,pcm_u8,pcm_s16be,pcm_s16le,pcm_s24be,pcm_s32be,pcm_f32be,pcm_f64be,"
        "pcm_alaw,pcm_mulaw",
        (".aiff", ".aif", ".aifc"),
        ("audio/aiff", "audio/x-aiff"),
    ),
    AudioFormat(
        "WebM",
        rb"\x1aE\xdf\xa3",
        "matroska",
        "opus,libopus,vorbis",
        (".webm", ".mka"),
        ("audio/webm", "video/webm"),
    ),
)
# Decoders that ffmpeg may run, whatever the container: MKV holds AAC, a WAV may hold MP3.
CODECS = tuple(dict.fromkeys(",".join(row.codecs for row in FORMATS).split(",")))
SUFFIXES = frozenset(suffix for row in FORMATS for suffix in row.suffixes)


def sniff(data: bytes) -> str | None:
    """Return ffmpeg's demuxers for a file by its first bytes, with commas; None where none fits."""
    found = [row.demuxer for row in FORMATS if re.match(row.begins, data, re.S)]
    return ",".join(found) or None


def in_words(last: str = "or") -> str:
    """Return all labels as a text: "WAV, MP3 or WebM"."""
    *first, final = (row.label for row in FORMATS)
    return f"{', '.join(first)} {last} {final}"
