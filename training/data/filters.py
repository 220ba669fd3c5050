"""Which recordings of a large archive are worth having: by place, length, and how many there are of a species."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from training.data.metadata import Recording

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Filter:
    """Open intervals in degrees, seconds that a recording must stay under, recordings that a species must have.

    The defaults are Europe and its surroundings. None does not ask.
    """

    latitude: Bounds | None = (35.0, 70.0)
    longitude: Bounds | None = (-10.0, 60.0)
    max_seconds: float | None = 15.0
    min_recordings: int = 100


def keep(recordings: Sequence[Recording], rule: Filter) -> list[Recording]:
    """Choose the recordings that pass, of the species that have enough of them, in their order.

    A coordinate that is no number fails. A recording of unknown length passes: its first `max_seconds` will be used.
    """
    passing = [recording for recording in recordings if _passes(recording, rule)]
    counts = Counter(recording.primary_label for recording in passing)
    return [
        recording for recording in passing if counts[recording.primary_label] >= rule.min_recordings
    ]


def describe(recordings: Sequence[Recording]) -> list[str]:
    """Write a line a species, most recordings first, then the total (docs/contracts.md, "Commands")."""
    counts = Counter(recording.primary_label for recording in recordings)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        *(f"{label}\t{count}" for label, count in ranked),
        f"{len(counts)} species, {len(recordings)} recordings",
    ]


def _passes(recording: Recording, rule: Filter) -> bool:
    short = (
        rule.max_seconds is None
        or recording.original_seconds is None
        or recording.original_seconds < rule.max_seconds
    )
    return (
        short
        and _inside(recording.latitude, rule.latitude)
        and _inside(recording.longitude, rule.longitude)
    )


def _inside(degrees: float | None, bounds: Bounds | None) -> bool:
    return bounds is None or (degrees is not None and bounds[0] < degrees < bounds[1])
