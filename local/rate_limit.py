"""A token bucket limits requests a second on average, and those that come at once."""

import math
import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Holds at most `burst` tokens and gains `rate` of them a second."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._seen = burst, clock()
        self._lock = threading.Lock()

    def take(self) -> int:
        """Take a token and return 0; without one, return the seconds until there is, rounded up."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
            self._seen = now
            if self._tokens < 1:
                return math.ceil((1 - self._tokens) / self._rate)
            self._tokens -= 1
            return 0
