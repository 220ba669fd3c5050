"""What every local server shares: an inherited socket, kept connections, bounded bodies."""

import contextlib
import json
import socket
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local import request_body
from local.request_body import BodyRefusedError

LOOPBACK = "127.0.0.1"
# The default of 5 loses 30 of 150 simultaneous connections (measured).
BACKLOG = 512
# A refused body is read on for a while; otherwise the client sees a reset, not the response.
LINGER_SECONDS = 2
LINGER_BYTES = 64 * 2**20


def listen(port: int) -> socket.socket:
    """Listen on a loopback port; 0 takes a free one. Raises OSError where it is taken."""
    return socket.create_server((LOOPBACK, port), backlog=BACKLOG)


def address(listener: socket.socket) -> str:
    """Return the base URL of a listening socket."""
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
        """Print a fault, but not that a client has gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection: read_body, send, and responses without delay."""

    protocol_version = "HTTP/1.1"
    # Nagle's algorithm adds 40 ms to every response on a kept connection.
    disable_nagle_algorithm = True
    timeout = 60
    # Answer malformed request lines as HTTP/1.0, not 0.9.
    default_request_version = "HTTP/1.0"
    max_body_bytes = 0

    def read_body(self) -> bytes:
        """Read the request's body, sent with a length or in chunks. Raises BodyRefusedError.

        After that the response is the last on this connection: part of the body may still come.
        """
        try:
            return request_body.read(self.headers, self.rfile, self.max_body_bytes)
        except BodyRefusedError:
            self.close_connection = True
            raise

    def handle_expect_100(self) -> bool:
        """Do not invite a body that would be refused."""
        with contextlib.suppress(BodyRefusedError):
            request_body.length(self.headers, self.max_body_bytes)
            return super().handle_expect_100()
        return True

    def send(self, status: int, body: bytes, headers: Mapping[str, str | list[str]]) -> None:
        """Send a whole response; to HEAD without its body."""
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
        self.send(
            status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers}
        )

    def linger(self) -> None:
        """After a refusal: end the response, and read what still comes, within bounds."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            read = 0
            while read < LINGER_BYTES and (more := self.rfile.read1(2**16)):
                read += len(more)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Log nothing here: the parts log for themselves."""
