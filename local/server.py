"""What every local server shares: an inherited socket, connections kept alive, bodies of a bounded size."""

import contextlib
import json
import socket
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any

LOOPBACK = "127.0.0.1"
# The default of 5 loses 30 of 150 simultaneous connections.
BACKLOG = 512
LONGEST_LINE = 1_024
# A refused body is still read for so long, or the client would see a reset in place of the answer.
LINGER_SECONDS = 2
LINGER_BYTES = 64 * 2**20


class BodyRefusedError(Exception):
    """A request's body cannot be read: the HTTP status and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def listen(port: int) -> socket.socket:
    """Listen on a port of this machine alone; 0 takes a free one. Raises OSError where it is taken."""
    return socket.create_server((LOOPBACK, port), backlog=BACKLOG)


def address(listener: socket.socket) -> str:
    """Tell the base URL of a listening socket."""
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def inherited(descriptor: int) -> socket.socket:
    """Take over the listening socket that the parent opened."""
    return socket.socket(fileno=descriptor)


class Server(ThreadingHTTPServer):
    """A threaded server on a socket that listens already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, handler: Any) -> None:
        super().__init__(listener.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show a fault, but not that a client has gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection: read_body and send, and answers that are not held back."""

    protocol_version = "HTTP/1.1"
    # Nagle's algorithm adds 40 ms to every answer on a connection that is kept.
    disable_nagle_algorithm = True
    timeout = 60
    # A line that is no request at all is answered like any other, not as in 1991.
    default_request_version = "HTTP/1.0"
    max_body_bytes = 0

    def read_body(self) -> bytes:
        """Read the request's body, sent with a length or in chunks. Raises BodyRefusedError, and then the answer must
        be the last on this connection: part of the body may still come."""
        try:
            return self._read_body()
        except BodyRefusedError:
            self.close_connection = True
            raise

    def handle_expect_100(self) -> bool:
        """Do not ask for a body that would be refused."""
        with contextlib.suppress(BodyRefusedError):
            self._length()
            return super().handle_expect_100()
        return True

    def send(self, status: int, body: bytes, headers: Mapping[str, str | list[str]]) -> None:
        """Send a whole answer; to HEAD without its body."""
        self.send_response(status)
        for name, value in headers.items():
            for one in [value] if isinstance(value, str) else value:
                self.send_header(name, one)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_json(self, status: int, value: object, headers: Mapping[str, str | list[str]]) -> None:
        """Send a JSON answer."""
        self.send(
            status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers}
        )

    def linger(self) -> None:
        """After a refusal: end the answer, then read what the client still sends, within bounds, and close."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            read = 0
            while read < LINGER_BYTES and (more := self.rfile.read1(2**16)):
                read += len(more)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Keep quiet: the parts log for themselves."""

    def _read_body(self) -> bytes:
        chunked = self.headers.get("Transfer-Encoding")
        if chunked is None:
            return self._read_exactly(self._length())
        if chunked.strip().lower() != "chunked" or "Content-Length" in self.headers:
            raise BodyRefusedError(
                400, "A body is sent with a Content-Length or in chunks, not both."
            )
        return self._read_chunks()

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "0")
        if not (text.isascii() and text.isdigit()):
            raise BodyRefusedError(400, "The Content-Length is not a number.")
        return self._checked(int(text))

    def _checked(self, count: int) -> int:
        if count > self.max_body_bytes:
            raise BodyRefusedError(413, f"The request is larger than {self.max_body_bytes} bytes.")
        return count

    def _read_exactly(self, count: int) -> bytes:
        body = self.rfile.read(count)
        if len(body) < count:
            raise BodyRefusedError(400, "The request ended before its body did.")
        return body

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := _chunk_size(self.rfile):
            self._checked(len(body) + size)
            body += self._read_exactly(size)
            if self._read_exactly(2) != b"\r\n":
                raise BodyRefusedError(400, "A chunk does not end where it said.")
        while self.rfile.readline(LONGEST_LINE) not in (b"\r\n", b"\n", b""):
            pass
        return bytes(body)


def _chunk_size(stream: BufferedIOBase) -> int:
    """Read a chunk's size line. Raises BodyRefusedError."""
    digits = stream.readline(LONGEST_LINE).partition(b";")[0].strip()
    if (
        not digits
        or len(digits) > 8
        or any(digit not in b"0123456789abcdefABCDEF" for digit in digits)
    ):
        raise BodyRefusedError(400, "A chunk has no size.")
    return int(digits, 16)
