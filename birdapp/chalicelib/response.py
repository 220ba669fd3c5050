"""The endpoint's numbers -> the answer of POST /classify (docs/contracts.md)."""

from collections.abc import Sequence
from typing import Any

from .model import Model, Prediction
from .pooling import BIRD, NO_BIRD, UNSURE, PooledWindow, Species, pool, ranked
from .spectrogram_client import Spectrograms, Window


def build_answer(spectrograms: Spectrograms, prediction: Prediction, top: int) -> dict[str, Any]:
    """Put the whole answer together, but for the request id. Lists are cut to `top` after pooling, never before."""
    windows = judge_windows(spectrograms.windows, prediction)
    verdict, species = pool(windows, prediction.model.rule)
    return {
        "verdict": verdict,
        "species": _species(species[:top]),
        "windows": [
            _window(window, judged, top)
            for window, judged in zip(spectrograms.windows, windows, strict=True)
        ],
        "audio_seconds": spectrograms.audio_seconds,
        "model": prediction.model.version,
        "pooling": prediction.model.pooling,
    }


def judge_windows(windows: Sequence[Window], prediction: Prediction) -> list[PooledWindow]:
    """Give each window its list and its verdict ("The window's verdict")."""
    model = prediction.model
    birds = prediction.birds or [1.0] * len(
        windows
    )  # A model without the output cannot tell "no bird".
    judged = []
    for window, row, bird in zip(windows, prediction.probabilities, birds, strict=True):
        everything = ranked(map(Species, model.names, model.labels, row))
        species = everything[: model.rule.species_per_window]
        hears_none = window.silent or bird < model.no_bird_threshold
        judged.append(PooledWindow(NO_BIRD if hears_none else _verdict(species[0], model), species))
    return judged


def list_species(model: Model) -> dict[str, Any]:
    """The answer of GET /species, in the order of the model."""
    pairs = zip(model.names, model.labels, strict=True)
    return {
        "model": model.version,
        "species": [{"name": name, "scientific_name": label} for name, label in pairs],
    }


def _verdict(best: Species, model: Model) -> str:
    return BIRD if best.probability >= model.bird_threshold else UNSURE


def _window(window: Window, judged: PooledWindow, top: int) -> dict[str, Any]:
    return {
        "start_seconds": window.start_seconds,
        "end_seconds": window.end_seconds,
        "verdict": judged.verdict,
        "species": _species(judged.species[:top]),
    }


def _species(species: Sequence[Species]) -> list[dict[str, Any]]:
    return [one._asdict() for one in species]
