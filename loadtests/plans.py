"""The load tests: the report's two (5.1, 5.2), and clients that all ask at once."""

from dataclasses import dataclass

# What the report measured (5.1, 5.2) on 1 to 4 ml.m4.xlarge, in milliseconds.
REPORT = {
    "test1": {"requests": 18_120, "median": 1_838, "min": 1_810, "max": 1_908},
    "test2": {"requests": 100_000, "median": 1_837, "min": 1_823, "max": 1_851},
}


@dataclass(frozen=True)
class Phase:
    """So many requests a second for so long, whether they are answered or not."""

    rate: float
    seconds: float

    def starts(self) -> list[float]:
        """Return when each request leaves, in seconds since the phase began: evenly spread."""
        return [i / self.rate for i in range(round(self.rate * self.seconds))]


ARRIVALS = {
    "test1": [Phase(1, 120), Phase(5, 600), Phase(10, 600), Phase(15, 600)],
    "test2": [Phase(20, 5_000)],
}
CLIENTS = 16
CLIENT_REQUESTS = 500


def shortened(name: str, seconds: float | None) -> list[Phase]:
    """Return the phases of a test, none longer than `seconds`."""
    phases = ARRIVALS[name]
    return (
        phases
        if seconds is None
        else [Phase(one.rate, min(one.seconds, seconds)) for one in phases]
    )
