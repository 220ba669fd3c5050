"""API Gateway in front of birdapp, which runs unchanged under Chalice's own local gateway.

This adds what Chalice's leaves out: 404 in the contract's shape, 413, 415, 429, 503, 29 s.
"""

import os
import sys
import threading
import time
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
from local.admission import Admission, BusyError, Limits
from local.rate_limit import TokenBucket
from local.request_body import BodyRefusedError
from local.server import LOOPBACK, Handler, Server, inherited

FOLDER = Path(__file__).parent.parent / "birdapp"
STAGE = "dev"
# API Gateway's own limits.
MAX_BODY_BYTES = 10 * 2**20
MAX_SECONDS = 29.0
# Requests in birdapp at the same time, how long another one waits for its turn, and how much all
# that wait may hold: at five times what two cores can do no answer but 200 and 503, and at least
# 80 % of what they can do (`python -m loadtests.crowd`).
LIMITS = Limits(places=8, wait_seconds=5.0, line_bytes=64 * 2**20)
ALL_METHODS = "GET,POST"
# Faults in HTTP itself, as errors of the contract.
UNKNOWN_METHOD = 501
CODES = {
    400: "bad_request_body",
    413: "payload_too_large",
    UNKNOWN_METHOD: "method_not_allowed",
}


class GatewayHandler(Handler):
    """Every method of every path: refuse what API Gateway refuses, pass the rest to birdapp."""

    max_body_bytes = MAX_BODY_BYTES
    gateway: LocalGateway
    bucket: TokenBucket
    admission: Admission

    def answer(self) -> None:
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
        end = time.monotonic() + MAX_SECONDS
        try:
            work = self.admission.admit(lambda: self._call(body), len(body))
            # What is given up keeps its place until it ends: its work goes on.
            response = within(end - time.monotonic(), work)
        except TimeoutError:
            return self._refuse("upstream_timeout")
        except BusyError:
            return self._refuse("upstream_unavailable")
        if response is None:
            return self._refuse("not_found")
        headers = response["headers"] | response["multiValueHeaders"]
        return self.send(response["statusCode"], (response["body"] or "").encode(), headers)

    def _call(self, body: bytes) -> dict[str, Any] | None:
        """Call birdapp as a Lambda. Return None where the path has no route."""
        # A Lambda gets text, whatever came.
        text: Any = body.decode("utf-8", "replace") if body else None
        try:
            response: dict[str, Any] = self.gateway.handle_request(
                self.command, self.path, dict(self.headers), text
            )
        except (LocalGatewayException, UnicodeEncodeError):
            # The latter because an unknown route quotes Authorization.
            return None
        return response

    def _refuse(self, code: str, headers: dict[str, str] | None = None) -> None:
        """Send an error of the contract: birdapp's shape, words, status and CORS."""
        error = ServiceError(code)
        request_id = str(uuid.uuid4())
        cors = http.cors_headers(self.headers.get("Origin"), ALL_METHODS)
        more = {"x-amzn-RequestId": request_id, **cors, **error.headers, **(headers or {})}
        self.send_json(error.status, error.body(request_id), more)

    def send_error(self, code: int, *_texts: str | None) -> None:
        """Refuse what is not HTTP, or an unknown method, in the contract's shape as well."""
        self.close_connection = True
        self.headers = getattr(self, "headers", Message())
        allow = {"Allow": f"{ALL_METHODS},OPTIONS"} if code == UNKNOWN_METHOD else {}
        self._refuse(CODES.get(code, "bad_request_body"), allow)


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """Do the work in a thread of its own; what it raises is raised here.

    Raises TimeoutError when it takes longer.
    """
    done: Future[Any] = Future()
    threading.Thread(target=_settle, args=(done, work), daemon=True).start()
    return done.result(seconds)


def _settle(done: Future[Any], work: Callable[[], Any]) -> None:
    try:
        done.set_result(work())
    except Exception as error:  # Raised again where the result is read.
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
    """Serve birdapp on the inherited socket."""
    processes.end_with_parent()
    GatewayHandler.gateway = load_gateway()
    rate, burst = float(os.environ["RATE_PER_SECOND"]), float(os.environ["BURST"])
    GatewayHandler.bucket = TokenBucket(rate, burst)
    GatewayHandler.admission = Admission(LIMITS)
    Server(inherited(int(sys.argv[1])), GatewayHandler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
