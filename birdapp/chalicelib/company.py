"""Whether others did the same at the same time: whoever shares a machine with them may be late."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Company:
    """Counts who is inside, and who ever came in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = self._came = 0

    @contextmanager
    def joined(self) -> Iterator[Callable[[], bool]]:
        """Be inside until the block ends. Yield a function: was anybody else inside meanwhile?"""
        with self._lock:
            met = self._inside > 0
            self._inside += 1
            self._came += 1
            came = self._came
        try:
            yield lambda: met or self._came > came
        finally:
            with self._lock:
                self._inside -= 1
