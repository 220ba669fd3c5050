"""How many requests run at once: the others wait for a place, and not for ever.

Without a limit 80 clients share two cores, and each of them runs out of time.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class BusyError(Exception):
    """No place became free in time."""


class Admission:
    """`places` pieces of work run at once; another one waits for at most `wait_seconds`."""

    def __init__(self, places: int, wait_seconds: float) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._wait_seconds = wait_seconds

    def run(self, work: Callable[[], Result]) -> Result:
        """Do the work as soon as there is a place for it. Raises BusyError when that takes long."""
        if not self._places.acquire(timeout=self._wait_seconds):
            raise BusyError
        try:
            return work()
        finally:
            self._places.release()
