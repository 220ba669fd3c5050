"""The one validator of a model: what it says about itself, and what it answers (docs/contracts.md).

The main Lambda, the local endpoint and the check before a deployment all ask here, so that none of
them takes a model that another one refuses. Unknown fields are ignored: newer models have more.
"""

import itertools
from dataclasses import dataclass
from typing import Any

from .birds import BirdsRule
from .pooling import SQUARINGS, PoolingRule
from .validation import Fields, boolean, items, mapping, number, parse_json, text, whole

# Of a minute.
MAX_LEAST_WINDOWS = 12
MAX_SPECIES_PER_WINDOW = 20
# Float32 rows of a softmax add up to a little more than 1.
MAX_ROW_SUM = 1.001


@dataclass(frozen=True)
class Model:
    """The constants of a model: names [k], labels (scientific names) [k] and settings.

    `pooling` is what clients get: the model's object of that name, with its `birds` inside where
    it has one. `rule` and `birds_rule` are the same, checked. Rows of an `independent` model may
    add up to more than 1.
    """

    names: list[str]
    labels: list[str]
    version: str
    bird_threshold: float
    no_bird_threshold: float
    pooling: dict[str, Any]
    rule: PoolingRule
    birds_rule: BirdsRule | None = None
    independent: bool = False


@dataclass(frozen=True)
class Prediction:
    """Probabilities [n][k] of the listed species.

    `birds` [n]: that any bird sings; `others` [n]: that one does which is not listed; or None.
    """

    model: Model
    probabilities: list[list[float]]
    birds: list[float] | None
    others: list[float] | None = None


def parse_model(outputs: object) -> Model:
    """Check the outputs labels, names and settings (a JSON text).

    Raises ValueError with the reason.
    """
    fields = Fields(outputs)
    labels = fields.take("labels", _texts)
    if len(set(labels)) != len(labels):
        raise ValueError(f"labels: expected {len(labels)} different ones, got {len(set(labels))}")
    names = fields.take("names", lambda value: _texts(value, len(labels)))
    return _parse_settings(labels, names, fields.take("settings", lambda it: parse_json(text(it))))


def parse_prediction(outputs: object, windows: int) -> Prediction:
    """Check a model's answer for some windows, its constants included.

    Raises ValueError with the reason.
    """
    model = parse_model(outputs)
    fields = Fields(outputs)
    rows = fields.take(
        "probabilities",
        lambda value: [_parse_row(row, model) for row in items(value, windows)],
    )
    birds, others = (
        fields.take(name, lambda value: _parse_birds(value, windows)) if name in fields else None
        for name in ("bird", "another")
    )
    return Prediction(model, rows, birds, others)


def _texts(value: object, count: int | None = None) -> list[str]:
    return [text(one) for one in items(value, count)]


def _parse_settings(labels: list[str], names: list[str], settings: dict[str, Any]) -> Model:
    fields = Fields(settings, "settings.")
    thresholds = fields.inner("thresholds")
    pooling = fields.take("pooling", mapping)
    birds_rule = None
    if "birds" in fields:
        birds_rule = _parse_birds_rule(fields.inner("birds"))
        pooling = {**pooling, "birds": fields.take("birds", mapping)}
    return Model(
        names,
        labels,
        fields.take("version", text),
        thresholds.take("bird", _share),
        thresholds.take("no_bird", _share),
        pooling,
        _parse_rule(fields.inner("pooling")),
        birds_rule,
        "independent" in fields and fields.take("independent", boolean),
    )


def _parse_rule(pooling: Fields) -> PoolingRule:
    if (rule := pooling.take("rule", text)) != "power_mean":
        raise ValueError(f"settings.pooling.rule: expected power_mean, got {rule}")
    return PoolingRule(
        pooling.take("exponent", _parse_exponent),
        pooling.take("species_per_window", lambda value: whole(value, 1, MAX_SPECIES_PER_WINDOW)),
        pooling.take("calibration", _parse_calibration),
        pooling.take("bird_threshold", _share),
    )


def _parse_birds_rule(birds: Fields) -> BirdsRule:
    if (rule := birds.take("rule", text)) != "own_windows":
        raise ValueError(f"settings.birds.rule: expected own_windows, got {rule}")
    candidate, bird, certain = (birds.take(key, _share) for key in ("candidate", "bird", "certain"))
    if not 0 < candidate <= bird <= certain:
        raise ValueError(
            "settings.birds: expected 0 < candidate <= bird <= certain, "
            f"got {candidate}, {bird}, {certain}"
        )
    return BirdsRule(
        birds.take("heard", _share),
        birds.take("least_windows", lambda value: whole(value, 1, MAX_LEAST_WINDOWS)),
        birds.take("calibration", _parse_calibration),
        candidate,
        bird,
        certain,
        birds.take("unknown", _share),
        birds.take("sings", _share),
        birds.take("another", _difference) if "another" in birds else None,
    )


def _share(value: object) -> float:
    return number(value, high=1.0)


def _difference(value: object) -> float:
    return number(value, low=-1.0, high=1.0)


def _parse_exponent(value: object) -> int:
    exponent = whole(value, min(SQUARINGS), max(SQUARINGS))
    if exponent not in SQUARINGS:
        raise ValueError(f"expected one of {list(SQUARINGS)}, got {exponent}")
    return exponent


def _parse_calibration(value: object) -> tuple[tuple[float, float], ...]:
    pairs = [items(point, 2) for point in items(value)]
    points = tuple((_share(x), _share(y)) for x, y in pairs)
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(points))
    if points[0] != (0.0, 0.0) or points[-1] != (1.0, 1.0) or not rising:
        raise ValueError("expected points that rise from [0, 0] to [1, 1]")
    return points


def _parse_row(row: object, model: Model) -> list[float]:
    values = [number(value, high=MAX_ROW_SUM) for value in items(row, len(model.labels))]
    if model.independent:
        return [min(value, 1.0) for value in values]
    total = 0.0
    for value in values:
        total += value
    if total > MAX_ROW_SUM:
        raise ValueError(f"expected values that add up to at most 1, got {total:.3f}")
    return [value / max(total, 1.0) for value in values]


def _parse_birds(value: object, windows: int) -> list[float]:
    return [number(bird, high=MAX_ROW_SUM) for bird in items(value, windows)]
