"""Which recordings of an archive are worth having: by place, length, and number of a species."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from training.data.metadata import Recording

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Filter:
    """Open intervals in degrees, seconds to stay under, recordings that a species must have.

    The defaults are Europe and its surroundings. None does not ask.
    """

    latitude: Bounds | None = (35.0, 70.0)
    longitude: Bounds | None = (-10.0, 60.0)
    max_seconds: float | None = 15.0
    min_recordings: int = 100


def keep(recordings: Sequence[Recording], rule: Filter) -> list[Recording]:
    """Return the recordings that pass, of the species that have enough of them, in their order.

    A coordinate that is no number fails. A recording of unknown length passes: its first
    `max_seconds` will be used.
    """
    passing = [recording for recording in recordings if _passes(recording, rule)]
    counts = Counter(recording.primary_label for recording in passing)
    return [one for one in passing if counts[one.primary_label] >= rule.min_recordings]


def describe(recordings: Sequence[Recording]) -> list[str]:
    """Return a line a species, most recordings first, then the total (docs/contracts.md)."""
    counts = Counter(recording.primary_label for recording in recordings)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        *(f"{label}\t{count}" for label, count in ranked),
        f"{len(counts)} species, {len(recordings)} recordings",
    ]


def why_none(recordings: Sequence[Recording], rule: Filter) -> str:
    """Return in a sentence why no recording is kept."""
    passing = sum(_passes(one, rule) for one in recordings)
    reasons = {
        "without a latitude and longitude (--anywhere)": sum(
            not _has_place(one, rule) for one in recordings
        ),
        "elsewhere (--latitude, --longitude)": sum(
            _has_place(one, rule) and not _near(one, rule) for one in recordings
        ),
        "too long (--max-seconds)": sum(not _short(one, rule) for one in recordings),
        f"of species with fewer than {rule.min_recordings} (--min-recordings)": passing,
    }
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
    return f"none of {len(recordings)} recordings passes the filter: {counted}"


def _passes(recording: Recording, rule: Filter) -> bool:
    return _short(recording, rule) and _near(recording, rule)


def _short(recording: Recording, rule: Filter) -> bool:
    seconds = recording.original_seconds
    return rule.max_seconds is None or seconds is None or seconds < rule.max_seconds


def _has_place(recording: Recording, rule: Filter) -> bool:
    return (rule.latitude is None or recording.latitude is not None) and (
        rule.longitude is None or recording.longitude is not None
    )


def _near(recording: Recording, rule: Filter) -> bool:
    return _inside(recording.latitude, rule.latitude) and _inside(
        recording.longitude, rule.longitude
    )


def _inside(degrees: float | None, bounds: Bounds | None) -> bool:
    return bounds is None or (degrees is not None and bounds[0] < degrees < bounds[1])
