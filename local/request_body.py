"""The body of an HTTP request: sent with a length or in chunks, of a bounded size."""

from email.message import Message
from io import BufferedIOBase

LONGEST_LINE = 1_024
# Enough for any size; Python refuses to read a number of more than 4,300 digits.
MOST_DIGITS = 18
HEX_DIGITS = b"0123456789abcdefABCDEF"


class BodyRefusedError(Exception):
    """A request's body cannot be read; holds the HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def read(headers: Message, stream: BufferedIOBase, max_bytes: int) -> bytes:
    """Read the body that the headers announce. Raises BodyRefusedError."""
    chunked = headers.get("Transfer-Encoding")
    if chunked is None:
        return _read_exactly(stream, length(headers, max_bytes))
    if chunked.strip().lower() != "chunked" or "Content-Length" in headers:
        raise BodyRefusedError(400, "A body is sent with a Content-Length or in chunks, not both.")
    return _read_chunks(stream, max_bytes)


def length(headers: Message, max_bytes: int) -> int:
    """Return the announced length, 0 without one. Raises BodyRefusedError."""
    text = headers.get("Content-Length", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BodyRefusedError(400, "The Content-Length is not a number of bytes.")
    return _checked(int(text), max_bytes)


def _checked(count: int, max_bytes: int) -> int:
    if count > max_bytes:
        raise BodyRefusedError(413, f"The request is larger than {max_bytes} bytes.")
    return count


def _read_exactly(stream: BufferedIOBase, count: int) -> bytes:
    body = stream.read(count)
    if len(body) < count:
        raise BodyRefusedError(400, "The request ended before its body did.")
    return body


def _read_chunks(stream: BufferedIOBase, max_bytes: int) -> bytes:
    body = bytearray()
    while size := _chunk_size(stream):
        _checked(len(body) + size, max_bytes)
        body += _read_exactly(stream, size)
        if _read_exactly(stream, 2) != b"\r\n":
            raise BodyRefusedError(400, "A chunk does not end after its length.")
    while stream.readline(LONGEST_LINE) not in (b"\r\n", b"\n", b""):
        pass
    return bytes(body)


def _chunk_size(stream: BufferedIOBase) -> int:
    digits = stream.readline(LONGEST_LINE).partition(b";")[0].strip()
    if not 0 < len(digits) <= 8 or any(digit not in HEX_DIGITS for digit in digits):
        raise BodyRefusedError(400, "A chunk has no size.")
    return int(digits, 16)
