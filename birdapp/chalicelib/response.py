"""The endpoint's numbers -> the answer of POST /classify (docs/contracts.md)."""

from collections.abc import Sequence
from typing import Any

from .birds import Entry, hear, hear_one
from .model import Model, Prediction
from .pooling import BIRD, NO_BIRD, UNSURE, PooledWindow, Species, cut, pool, ranked
from .spectrogram_client import Spectrograms, Window
from .version import API_VERSION


def build_answer(spectrograms: Spectrograms, prediction: Prediction, top: int) -> dict[str, Any]:
    """Return the whole answer but for the request id. Lists are cut to `top` after pooling."""
    model = prediction.model
    windows = judge_windows(spectrograms.windows, prediction)
    verdict, species = pool(windows, model.rule)
    if model.birds_rule:
        heard = hear(windows, model.birds_rule)
    else:
        heard = hear_one(windows, verdict, species)
    return {
        "verdict": heard.verdict,
        "birds": [_bird(entry, model) for entry in heard.birds],
        "candidates": [_entry(entry) for entry in heard.candidates[:top]],
        "species": _species(species[:top]),
        "windows": [_window(window, top) for window in windows],
        "audio_seconds": spectrograms.audio_seconds,
        "model": model.version,
        "pooling": model.pooling,
    }


def judge_windows(windows: Sequence[Window], prediction: Prediction) -> list[PooledWindow]:
    """Return each window's list and verdict ("The window's verdict")."""
    # A model without the output cannot tell "no bird".
    birds = prediction.birds or [1.0] * len(windows)
    others: Sequence[float | None] = prediction.others or [None] * len(windows)
    return [
        _judge(window, row, bird, other, prediction.model)
        for window, row, bird, other in zip(
            windows, prediction.probabilities, birds, others, strict=True
        )
    ]


def _judge(
    window: Window, row: Sequence[float], bird: float, another: float | None, model: Model
) -> PooledWindow:
    if window.silent:
        bird, another = 0.0, None
    species = ranked(map(Species, model.names, model.labels, row))[: model.rule.species_per_window]
    verdict = BIRD if species[0].probability >= model.bird_threshold else UNSURE
    hears_none = window.silent or bird < model.no_bird_threshold
    return PooledWindow(
        NO_BIRD if hears_none else verdict,
        species,
        window.start_seconds,
        window.end_seconds,
        min(cut(bird), 1.0),
        None if another is None else min(cut(another), 1.0),
    )


def list_species(model: Model) -> dict[str, Any]:
    """Return the answer of GET /species, in the order of the model."""
    pairs = zip(model.names, model.labels, strict=True)
    return {
        "api_version": API_VERSION,
        "model": model.version,
        "species": [{"name": name, "scientific_name": label} for name, label in pairs],
    }


def _bird(entry: Entry, model: Model) -> dict[str, Any]:
    certain = model.birds_rule is None or entry.confidence >= model.birds_rule.certain
    spans = [span._asdict() for span in entry.spans]
    return {**_entry(entry), "certain": certain, "spans": spans}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "scientific_name": entry.scientific_name,
        "confidence": entry.confidence,
    }


def _window(window: PooledWindow, top: int) -> dict[str, Any]:
    another = {} if window.another is None else {"another": window.another}
    return {
        "start_seconds": window.start_seconds,
        "end_seconds": window.end_seconds,
        "verdict": window.verdict,
        "bird": window.bird,
        **another,
        "species": _species(window.species[:top]),
    }


def _species(species: Sequence[Species]) -> list[dict[str, Any]]:
    return [one._asdict() for one in species]
