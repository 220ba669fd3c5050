"""What a model says about itself: labels, version, thresholds and pooling, checked (docs/contracts.md)."""

import itertools
from dataclasses import dataclass
from typing import Any

from . import validation
from .pooling import SQUARINGS, PoolingRule

MAX_SPECIES_PER_WINDOW = 20


@dataclass(frozen=True)
class Model:
    """The constants of the deployed model: names [k], labels (scientific names) [k] and settings.

    `pooling` is the object as the model wrote it, which clients get; `rule` is the same, checked.
    """

    names: list[str]
    labels: list[str]
    version: str
    bird_threshold: float
    no_bird_threshold: float
    pooling: dict[str, Any]
    rule: PoolingRule


def parse_model(outputs: dict[str, Any]) -> Model:
    """Check the outputs labels, names and settings. Raises ValueError or KeyError."""
    labels = [validation.text(label) for label in validation.items(outputs["labels"])]
    if len(set(labels)) != len(labels):
        raise ValueError("expected unique labels")
    names = [validation.text(name) for name in validation.items(outputs["names"], len(labels))]
    settings = validation.parse_json(validation.text(outputs["settings"]))
    thresholds = validation.mapping(settings["thresholds"])
    pooling = validation.mapping(settings["pooling"])
    return Model(
        names,
        labels,
        validation.text(settings["version"]),
        validation.number(thresholds["bird"], high=1.0),
        validation.number(thresholds["no_bird"], high=1.0),
        pooling,
        _parse_rule(pooling),
    )


def _parse_rule(pooling: dict[str, Any]) -> PoolingRule:
    if pooling["rule"] != "power_mean":
        raise ValueError(f"expected the rule power_mean, got {pooling['rule']!r}")
    exponent = validation.whole(pooling["exponent"], min(SQUARINGS), max(SQUARINGS))
    if exponent not in SQUARINGS:
        raise ValueError(f"expected an exponent of {list(SQUARINGS)}, got {pooling['exponent']!r}")
    return PoolingRule(
        exponent,
        validation.whole(pooling["species_per_window"], 1, MAX_SPECIES_PER_WINDOW),
        _parse_calibration(pooling["calibration"]),
        validation.number(pooling["bird_threshold"], high=1.0),
    )


def _parse_calibration(value: object) -> tuple[tuple[float, float], ...]:
    pairs = [validation.items(point, 2) for point in validation.items(value)]
    points = tuple(
        (validation.number(x, high=1.0), validation.number(y, high=1.0)) for x, y in pairs
    )
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(points))
    if points[0] != (0.0, 0.0) or points[-1] != (1.0, 1.0) or not rising:
        raise ValueError("expected calibration points that rise from [0, 0] to [1, 1]")
    return points
