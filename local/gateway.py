"""API Gateway in front of birdapp, which runs unchanged under Chalice's own local gateway.

What Chalice's leaves out stands here: 404 in the contract's shape, 413, 415, 429, 29 s.
"""

import logging
import os
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from chalice.cli.factory import CLIFactory
from chalice.config import Config
from chalice.local import LocalGateway, LocalGatewayException, create_local_server

from local import processes
from local.rate import TokenBucket
from local.server import LOOPBACK, BodyRefusedError, Handler, Server, inherited

FOLDER = Path(__file__).parent.parent / "birdapp"
STAGE = "dev"
# API Gateway's own limits.
MAX_BODY_BYTES = 10 * 2**20
MAX_SECONDS = 29.0
ERRORS = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this kind of request."),
    413: ("payload_too_large", "The request is too large: at most 4 MiB of audio can be sent."),
    415: ("unsupported_media_type", "The request is compressed; send it as plain JSON."),
    429: ("rate_limited", "Too many requests at once. Try again in a moment."),
    500: ("internal", "Something went wrong on our side."),
    504: ("upstream_timeout", "The answer took too long. Try again, or send a shorter recording."),
}


class GatewayHandler(Handler):
    """Every method of every path: refuse what API Gateway refuses, hand the rest to birdapp."""

    max_body_bytes = MAX_BODY_BYTES
    gateway: LocalGateway
    bucket: TokenBucket

    def answer(self) -> None:
        """Answer one request."""
        wait = self.bucket.take()
        if wait:
            self._refuse(429, {"Retry-After": str(wait)})
            return self.linger()
        try:
            body = self.read_body()
        except BodyRefusedError as error:
            self._refuse(error.status, {})
            return self.linger()
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            return self._refuse(415, {})
        return self._run(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def _run(self, body: bytes) -> None:
        try:
            response = within(MAX_SECONDS, lambda: self._call(body))
        except TimeoutError:
            return self._refuse(504, {})
        if response is None:
            return self._refuse(404, {})
        headers = response["headers"] | response["multiValueHeaders"]
        return self.send(response["statusCode"], (response["body"] or "").encode(), headers)

    def _call(self, body: bytes) -> dict[str, Any] | None:
        """Call birdapp as a Lambda. None where no route is at this path."""
        text: Any = body.decode("utf-8", "replace") if body else None  # A Lambda gets text, whatever came.
        try:
            response: dict[str, Any] = self.gateway.handle_request(self.command, self.path, dict(self.headers), text)
        except LocalGatewayException:
            return None
        return response

    def _refuse(self, status: int, headers: dict[str, str]) -> None:
        code, message = ERRORS[status]
        request_id = str(uuid.uuid4())
        error = {"error": {"code": code, "message": message, "request_id": request_id}}
        self.send_json(status, error, {"x-amzn-RequestId": request_id, **self._cors(), **headers})

    def _cors(self) -> dict[str, str]:
        allowed = os.environ.get("CORS_ORIGINS", "*")
        return {"Access-Control-Allow-Origin": allowed}

    def send_error(self, code: int, *_texts: str | None) -> None:
        """Refuse what is not HTTP, or a method that no one knows, in the contract's shape as well."""
        self.close_connection = True
        self._refuse(405 if code == 501 else 400, {})


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
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
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
