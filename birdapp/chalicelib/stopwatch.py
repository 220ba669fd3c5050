"""How long each stage of a request took: for the log and the Server-Timing header."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Milliseconds a stage, and since the start."""

    def __init__(self) -> None:
        """Start the clock."""
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens inside, also when it fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._stages[name] = time.perf_counter() - start

    def milliseconds(self) -> dict[str, float]:
        """Milliseconds of each stage measured so far, and "total" since the start."""
        stages = {**self._stages, "total": time.perf_counter() - self._start}
        return {name: round(seconds * 1000, 1) for name, seconds in stages.items()}


def server_timing(milliseconds: dict[str, float]) -> str:
    """Write stages as a Server-Timing header: `decode;dur=41.2, total;dur=103.4`."""
    return ", ".join(f"{name};dur={value}" for name, value in milliseconds.items())
