"""The first bytes of a file -> the containers that it may be."""

MP3_LAYER = 0b01
ADTS_LAYER = 0b00


def sniff(data: bytes) -> str | None:
    """Name the ffmpeg demuxers for a file by its first bytes, comma separated; None for a format that is not listed.

    A tag can stand before any of three formats; everything else is unambiguous.
    """
    if data[:4] in {b"RIFF", b"RF64"} and data[8:12] == b"WAVE":
        return "wav"
    if data[4:8] == b"ftyp":
        return "mov"
    for magic, formats in (
        (b"ID3", "mp3,aac,flac"),
        (b"OggS", "ogg"),
        (b"fLaC", "flac"),
        (b"\x1aE\xdf\xa3", "matroska"),
    ):
        if data.startswith(magic):
            return formats
    return _sniff_frame(data)


def _sniff_frame(data: bytes) -> str | None:
    """Tell an MP3 frame from a raw AAC (ADTS) frame by the layer bits behind the sync bits."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return None
    layer = data[1] >> 1 & 0b11
    if layer == ADTS_LAYER and data[1] & 0xF0 == 0xF0:
        return "aac"
    bitrate, rate = data[2] >> 4, data[2] >> 2 & 0b11
    return "mp3" if layer == MP3_LAYER and bitrate != 0b1111 and rate != 0b11 else None
