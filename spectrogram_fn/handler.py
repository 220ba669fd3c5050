"""The Lambda's edge, without arithmetic (docs/contracts.md, "The spectrogram event")."""

import base64
from typing import Any

try:
    from . import spectrogram
except ImportError:  # In the Lambda's zip this folder is the root, not a package.
    import spectrogram  # type: ignore[import-not-found,no-redef]


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return all windows of one recording. Raises ValueError on an event out of the contract."""
    if event.get("sample_rate") != spectrogram.SAMPLE_RATE:
        raise ValueError(
            f"expected sample_rate {spectrogram.SAMPLE_RATE}, got {event.get('sample_rate')!r}"
        )
    samples = spectrogram.from_pcm(base64.b64decode(event["pcm"], validate=True))
    return {
        "shape": list(spectrogram.SHAPE),
        "audio_seconds": spectrogram.seconds(samples.size),
        "windows": [_answer(window) for window in spectrogram.split_windows(samples)],
    }


def _answer(window: spectrogram.Window) -> dict[str, Any]:
    values = spectrogram.to_bytes(spectrogram.to_spectrogram(window.samples))
    return {
        "start_seconds": window.start_seconds,
        "end_seconds": window.end_seconds,
        "silent": spectrogram.is_silent(window.samples),
        "spectrogram": base64.b64encode(values.tobytes()).decode("ascii"),
    }
