"""API Gateway in front of birdapp, which runs unchanged under Chalice's own local gateway.

What Chalice's leaves out stands here: 404 in the contract's shape, 413, 415, 429, 29 s.
"""

import os
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from email.message import Message
from pathlib import Path
from typing import Any

from chalice.cli.factory import CLIFactory
from chalice.config import Config
from chalice.local import LocalGateway, LocalGatewayException, create_local_server

from birdapp.chalicelib import http
from birdapp.chalicelib.errors import ServiceError
from local import processes
from local.rate_limit import TokenBucket
from local.server import LOOPBACK, BodyRefusedError, Handler, Server, inherited

FOLDER = Path(__file__).parent.parent / "birdapp"
STAGE = "dev"
# API Gateway's own limits.
MAX_BODY_BYTES = 10 * 2**20
MAX_SECONDS = 29.0
ALL_METHODS = "GET,POST"
# What a server finds wrong with HTTP itself, as errors of the contract.
CODES = {400: "bad_request_body", 413: "payload_too_large", 501: "method_not_allowed"}


class GatewayHandler(Handler):
    """Every method of every path: refuse what API Gateway refuses, hand the rest to birdapp."""

    max_body_bytes = MAX_BODY_BYTES
    gateway: LocalGateway
    bucket: TokenBucket

    def answer(self) -> None:
        """Answer one request."""
        try:
            body = self.read_body()
        except BodyRefusedError as error:
            self._refuse(CODES[error.status])
            return self.linger()
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            return self._refuse("unsupported_media_type")
        if wait := self.bucket.take():
            return self._refuse("rate_limited", {"Retry-After": str(wait)})
        return self._run(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def _run(self, body: bytes) -> None:
        try:
            response = within(MAX_SECONDS, lambda: self._call(body))
        except TimeoutError:
            return self._refuse("upstream_timeout")
        if response is None:
            return self._refuse("not_found")
        headers = response["headers"] | response["multiValueHeaders"]
        return self.send(response["statusCode"], (response["body"] or "").encode(), headers)

    def _call(self, body: bytes) -> dict[str, Any] | None:
        """Call birdapp as a Lambda. None where no route is at this path."""
        text: Any = (
            body.decode("utf-8", "replace") if body else None
        )  # A Lambda gets text, whatever came.
        try:
            response: dict[str, Any] = self.gateway.handle_request(
                self.command, self.path, dict(self.headers), text
            )
        except (
            LocalGatewayException,
            UnicodeEncodeError,
        ):  # The latter: where no route is, it quotes Authorization.
            return None
        return response

    def _refuse(self, code: str, headers: dict[str, str] | None = None) -> None:
        """Answer an error of the contract: birdapp's shape, words, status and CORS."""
        error = ServiceError(code)
        request_id = str(uuid.uuid4())
        cors = http.cors_headers(self.headers.get("Origin"), ALL_METHODS)
        more = {"x-amzn-RequestId": request_id, **cors, **error.headers, **(headers or {})}
        self.send_json(error.status, error.body(request_id), more)

    def send_error(self, code: int, *_texts: str | None) -> None:
        """Refuse what is not HTTP, or a method that no one knows, in the contract's shape as well."""
        self.close_connection = True
        self.headers = getattr(self, "headers", Message())
        self._refuse(CODES.get(code, "bad_request_body"))


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """Do the work in a thread of its own; what it raises is raised here. Raises TimeoutError when it takes longer."""
    done: Future[Any] = Future()
    threading.Thread(target=_settle, args=(done, work), daemon=True).start()
    return done.result(seconds)


def _settle(done: Future[Any], work: Callable[[], Any]) -> None:
    try:
        done.set_result(work())
    except Exception as error:  # Whatever it is, it is raised where the work was asked for.
        done.set_exception(error)


def load_gateway() -> LocalGateway:
    """Load birdapp as `chalice local` does, with the settings of its stage."""
    os.chdir(FOLDER)
    sys.path[0] = str(FOLDER)
    config: Config = CLIFactory(str(FOLDER)).create_config_obj(chalice_stage_name=STAGE)
    # Only this call makes Chalice's request object safe for threads; its own server is not needed.
    server = create_local_server(config.chalice_app, config, LOOPBACK, 0)
    server.server.server_close()
    return LocalGateway(config.chalice_app, config)


def main() -> int:
    """Serve birdapp on the socket that was handed over."""
    processes.end_with_parent()
    GatewayHandler.gateway = load_gateway()
    rate, burst = float(os.environ["RATE_PER_SECOND"]), float(os.environ["BURST"])
    GatewayHandler.bucket = TokenBucket(rate, burst)
    Server(inherited(int(sys.argv[1])), GatewayHandler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
