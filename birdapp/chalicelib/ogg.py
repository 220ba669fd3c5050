"""A chained Ogg file -> its links: recordings that were joined by joining their files."""

HEADER_BYTES = 27
FIRST_PAGE = 0b10
# A link is a run of ffmpeg; what has more is no recording that somebody joined.
MAX_LINKS = 16


def split_links(data: bytes) -> list[bytes]:
    """Return the links of an Ogg file, each a file of its own; the whole as one if not chained."""
    starts, among_first = [0], True
    for start, is_first in _pages(data):
        if is_first and not among_first:
            starts.append(start)
        among_first = is_first
    if len(starts) > MAX_LINKS:
        return [data]
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


def _pages(data: bytes) -> list[tuple[int, bool]]:
    """Return where each page starts, and whether it begins a stream; up to the first hole."""
    pages, start = [], 0
    while data[start : start + 4] == b"OggS" and len(data) >= start + HEADER_BYTES:
        pages.append((start, bool(data[start + 5] & FIRST_PAGE)))
        body = start + HEADER_BYTES + data[start + HEADER_BYTES - 1]
        start = body + sum(data[start + HEADER_BYTES : body])
    return pages
