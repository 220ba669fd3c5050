"""A strict parser for the WAV that needs no decoder: plain 16-bit PCM, as the page sends it."""

import struct
from dataclasses import dataclass

from .pcm import SAMPLE_BYTES

PCM_FORMAT = 1


@dataclass(frozen=True)
class PlainWav:
    """Interleaved 16-bit little-endian samples, and how they are to be read."""

    sample_rate: int
    channels: int
    pcm: bytes


def parse_plain_wav(data: bytes) -> PlainWav | None:
    """Return the parts of a WAV of plain, whole 16-bit PCM in mono or stereo; otherwise None."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return None
    chunks = _chunks(data)
    fmt, pcm = chunks.get(b"fmt ", b""), chunks.get(b"data")
    if len(fmt) < 16 or not pcm:
        return None
    tag, channels, sample_rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", fmt)
    plain = tag == PCM_FORMAT and bits == 8 * SAMPLE_BYTES and channels in {1, 2}
    if not plain or frame_bytes != SAMPLE_BYTES * channels or len(pcm) % frame_bytes:
        return None
    return PlainWav(sample_rate, channels, pcm)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name. Ends without "data" where a chunk is longer than the file."""
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(data) and b"data" not in chunks:
        name, size = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if start + size > len(data):
            break
        chunks.setdefault(name, data[start : start + size])
        position = start + size + size % 2
    return chunks


def mend(data: bytes) -> bytes:
    """Return a WAV whose sound can be found: some recorders do not pad a chunk of odd length."""
    position = 12
    while (name := data[position : position + 4]) not in {b"", b"data"}:
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + size + size % 2
    fmt, sound = data.find(b"fmt ", 12), data.find(b"data", 12)
    if name == b"data" or fmt < 0 or sound < fmt:
        return data
    size = int.from_bytes(data[fmt + 4 : fmt + 8], "little")
    body = b"WAVE" + data[fmt : fmt + 8 + size] + data[sound:]
    return b"RIFF" + len(body).to_bytes(4, "little") + body
