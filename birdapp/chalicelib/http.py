"""HTTP: one request in, one response out, with errors, CORS and the line in the log."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Request, Response

from .deadline import Deadline
from .errors import ServiceError
from .stopwatch import Stopwatch, server_timing

PREFLIGHT_SECONDS = 86_400
WRONG_METHOD = 405
JSON_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Call:
    """One request on its way through the service."""

    request_id: str
    request: Request
    deadline: Deadline = field(default_factory=Deadline)
    stopwatch: Stopwatch = field(default_factory=Stopwatch)


Work = Callable[[Call], dict[str, Any]]


def respond(request: Request, method: str, work: Work) -> Response:
    """Return what `work` returns for `method`, a preflight for OPTIONS, otherwise 405."""
    headers: dict[str, Any] = {
        **JSON_HEADERS,
        **cors_headers(request.headers.get("origin"), method),
    }
    if request.method == "OPTIONS":
        return Response("", headers, 200)
    call = Call(_request_id(request), request)
    status, body, failure = _answer(call, method, work)
    headers |= failure.headers if failure else {}
    headers |= {"Allow": f"{method}, OPTIONS"} if status == WRONG_METHOD else {}
    milliseconds = call.stopwatch.milliseconds()
    headers["Server-Timing"] = server_timing(milliseconds)
    _log(call, status, failure, milliseconds)
    # The answer to HEAD has no body.
    return Response("" if request.method == "HEAD" else json.dumps(body), headers, status)


def _answer(call: Call, method: str, work: Work) -> tuple[int, dict[str, Any], ServiceError | None]:
    try:
        if call.request.method != method:
            raise ServiceError(
                "method_not_allowed", f"Expected the method {method}, got {call.request.method}."
            )
        return 200, work(call), None
    except ServiceError as error:
        failure = error
    except Exception:  # A bug: the log gets all of it, the client nothing.
        failure = ServiceError("internal", detail=traceback.format_exc())
    return failure.status, failure.body(call.request_id), failure


def _request_id(request: Request) -> str:
    """Return the gateway's id, which its own errors carry too; `chalice local` has the Lambda's."""
    return str(
        request.context.get("requestId") or getattr(request.lambda_context, "aws_request_id", "")
    )


def cors_headers(origin: str | None, method: str) -> dict[str, str]:
    """CORS for one origin. The setting CORS_ORIGINS is "*" or a list with commas."""
    allowed = os.environ.get("CORS_ORIGINS", "*").replace(" ", "").split(",")
    headers = {
        "Access-Control-Allow-Methods": f"{method},OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Expose-Headers": "Retry-After,Server-Timing",
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
    if "*" in allowed:
        return {**headers, "Access-Control-Allow-Origin": "*", "Timing-Allow-Origin": "*"}
    if origin in allowed:
        headers |= {"Access-Control-Allow-Origin": str(origin), "Timing-Allow-Origin": str(origin)}
    return {**headers, "Vary": "Origin"}


def _log(
    call: Call, status: int, failure: ServiceError | None, milliseconds: dict[str, float]
) -> None:
    """Write one line of JSON, which CloudWatch takes apart by itself. Never the recording."""
    line: dict[str, Any] = {"event": "request", "request_id": call.request_id, "status": status}
    line |= {"method": call.request.method, "path": call.request.path}
    if failure:
        line |= {"code": failure.code, "detail": failure.detail}
    line |= {f"{stage}_ms": value for stage, value in milliseconds.items()}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
