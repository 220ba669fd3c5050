"""How many requests run at once: the others wait in a line, and not for ever.

Without a limit 80 clients share two cores, and each of them runs out of time.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


class BusyError(Exception):
    """No place became free in time, or the line is full."""


@dataclass(frozen=True)
class Limits:
    """So many run at once; another one waits, while what waits is not larger than the line."""

    places: int
    wait_seconds: float
    line_bytes: int


class Admission:
    """Places, and the line before them: first come, first served."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free = limits.places
        self._line: deque[threading.Event] = deque()
        self.waiting_bytes = 0
        self._lock = threading.Lock()

    def admit(self, work: Callable[[], Result], size_bytes: int) -> Callable[[], Result]:
        """Wait until there is a place for work that holds so much memory. Raises BusyError.

        Return the work, which must be done: it leaves the place at its end.
        """
        self._enter(size_bytes)

        def in_place() -> Result:
            try:
                return work()
            finally:
                self._leave()

        return in_place

    def _enter(self, size_bytes: int) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if self.waiting_bytes + size_bytes > self._limits.line_bytes:
                raise BusyError
            turn = threading.Event()
            self._line.append(turn)
            self.waiting_bytes += size_bytes
        turn.wait(self._limits.wait_seconds)
        with self._lock:
            self.waiting_bytes -= size_bytes
            if not turn.is_set():
                self._line.remove(turn)
                raise BusyError

    def _leave(self) -> None:
        """Hand the place to the first of the line, so that nobody who comes later takes it."""
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1
