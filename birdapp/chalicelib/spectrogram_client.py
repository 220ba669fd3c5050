"""The client of the spectrogram Lambda: PCM -> windows with spectrograms (docs/contracts.md)."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from . import validation
from .aws import invoke
from .errors import ServiceError

SPECTROGRAM_SECONDS = 6
HOP = "spectrogram"
MAX_IMAGE_SIDE = 4_096


@dataclass(frozen=True)
class Window:
    """A window's place in the recording, and its spectrogram in base64, one byte a value."""

    start_seconds: float
    end_seconds: float
    silent: bool
    spectrogram: str


@dataclass(frozen=True)
class Spectrograms:
    """All windows of a recording of `audio_seconds`."""

    audio_seconds: float
    windows: list[Window]


def fetch_spectrograms(lambda_client: Any, function: str, event: dict[str, Any]) -> Spectrograms:
    """Invoke the spectrogram Lambda once. Raises ServiceError with an upstream code."""
    payload = invoke(lambda_client, function, json.dumps(event).encode("ascii"), HOP)
    try:
        return _parse(validation.parse_json(payload))
    except (ValueError, KeyError) as error:
        raise ServiceError("upstream_invalid", detail=f"{HOP}: {error!r}") from error


def event(pcm: bytes, sample_rate: int, request_id: str) -> dict[str, Any]:
    """The event that carries a whole recording of mono 16-bit PCM."""
    return {
        "request_id": request_id,
        "sample_rate": sample_rate,
        "pcm": base64.b64encode(pcm).decode("ascii"),
    }


def _parse(answer: dict[str, Any]) -> Spectrograms:
    rows, columns = (
        validation.whole(size, 1, MAX_IMAGE_SIDE) for size in validation.items(answer["shape"], 2)
    )
    characters = (rows * columns + 2) // 3 * 4
    windows = [
        _parse_window(validation.mapping(window), characters)
        for window in validation.items(answer["windows"])
    ]
    return Spectrograms(validation.number(answer["audio_seconds"]), windows)


def _parse_window(window: dict[str, Any], characters: int) -> Window:
    spectrogram = validation.text(window["spectrogram"])
    if len(spectrogram) != characters:
        raise ValueError(f"expected {characters} characters of base64, got {len(spectrogram)}")
    start = validation.number(window["start_seconds"])
    return Window(
        start,
        validation.number(window["end_seconds"], start),
        validation.boolean(window["silent"]),
        spectrogram,
    )
