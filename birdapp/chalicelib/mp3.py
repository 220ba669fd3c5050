"""Find the first MP3 frame behind junk, zeros or a tag of another kind, as players do."""

import re

from .formats import MP3_FRAME

# Kilobits a second by the header's number; 0 is of any length, which no frame is found by.
MPEG1_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
MPEG1_HERTZ = (44_100, 48_000, 32_000)
# Version of the header -> what its sample rates are divided by; 1 is reserved.
DIVISORS = {0: 4, 2: 2, 3: 1}
# Four in a row: in a file of noise that happens once in 10 ** 12.
FRAMES = 4
MAX_JUNK_BYTES = 2**20

_FRAME = re.compile(b"(?=" + MP3_FRAME + b")", re.S)


def find_frames(data: bytes) -> int | None:
    """Return where MP3 frames begin, one right behind the other; None where there are none."""
    starts = (match.start() for match in _FRAME.finditer(data, 0, MAX_JUNK_BYTES))
    return next((start for start in starts if _frames_follow(data, start)), None)


def _frames_follow(data: bytes, start: int) -> bool:
    for _ in range(FRAMES):
        size = frame_bytes(data[start : start + 4])
        if not size:
            return False
        start += size
    return True


def frame_bytes(header: bytes) -> int:
    """Return the length of a frame from its header of four bytes; 0 where it is none."""
    if not _FRAME.match(header) or header[1] >> 3 & 0b11 not in DIVISORS:
        return 0
    divisor = DIVISORS[header[1] >> 3 & 0b11]
    kbps = (MPEG1_KBPS if divisor == 1 else MPEG2_KBPS)[header[2] >> 4]
    hertz = MPEG1_HERTZ[header[2] >> 2 & 0b11] // divisor
    # 1,152 samples a frame in MPEG-1, 576 otherwise; 8 bits a byte.
    return (
        (144_000 if divisor == 1 else 72_000) * kbps // hertz + (header[2] >> 1 & 1) if kbps else 0
    )
