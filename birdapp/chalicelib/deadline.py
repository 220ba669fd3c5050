"""The one deadline of a request, passed down to every hop."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from .errors import ServiceError

Result = TypeVar("Result")

# API Gateway gives up after 29 s; this leaves it time to carry the answer.
REQUEST_SECONDS = 20.0


class Deadline:
    """A moment in time that a request must not pass."""

    def __init__(self, seconds: float = REQUEST_SECONDS) -> None:
        """Start the clock: the deadline is `seconds` from now."""
        self._end = time.monotonic() + seconds

    def left(self, limit_seconds: float) -> float:
        """Return the seconds that a hop may take: its own limit, or what is left.

        Raises upstream_timeout when nothing is left.
        """
        left = min(limit_seconds, self._end - time.monotonic())
        if left <= 0:
            raise ServiceError("upstream_timeout", detail="the request's deadline has passed")
        return left

    def call(self, limit_seconds: float, function: Callable[[], Result]) -> Result:
        """Call `function`, wait no longer than `left(limit_seconds)`, then raise upstream_timeout.

        A socket's own timeout starts anew with every byte and is fixed when a client is made; this
        one is neither.
        The thread that is left behind ends with the socket's timeout.
        """
        seconds = self.left(limit_seconds)
        future: Future[Result] = Future()
        threading.Thread(target=_fulfil, args=(future, function), daemon=True).start()
        try:
            return future.result(timeout=seconds)
        except TimeoutError as error:
            raise ServiceError(
                "upstream_timeout", detail=f"no answer within {seconds:.1f} s"
            ) from error


def _fulfil(future: "Future[Result]", function: Callable[[], Result]) -> None:
    try:
        future.set_result(function())
    except Exception as error:  # Handed over to the caller, who raises it.
        future.set_exception(error)
