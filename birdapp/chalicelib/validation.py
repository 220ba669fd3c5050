"""Checks of what another part answered: each takes a value and returns it typed, or raises ValueError."""

import json
import math
from typing import Any, NoReturn


def parse_json(text: str | bytes) -> dict[str, Any]:
    """Parse a JSON object without NaN and Infinity."""
    try:
        return mapping(json.loads(text, parse_constant=_refuse_constant))
    except RecursionError as error:
        raise ValueError("expected JSON, got too many brackets") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"expected numbers, got {name}")


def mapping(value: object) -> dict[str, Any]:
    """An object with fields."""
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got {type(value).__name__}")
    return value


def items(value: object, count: int | None = None) -> list[Any]:
    """A list that is not empty, of `count` items where that is known."""
    if not isinstance(value, list) or not value or (count is not None and len(value) != count):
        raise ValueError(f"expected a list of {count or 'some'} items, got {type(value).__name__}")
    return value


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a text, got {type(value).__name__}")
    return value


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {type(value).__name__}")
    return value


def number(value: object, low: float = 0.0, high: float = math.inf) -> float:
    """A finite number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {type(value).__name__}")
    if not low <= value <= high:
        raise ValueError(f"expected a number from {low} to {high}, got {value}")
    return float(value)


def whole(value: object, low: int, high: int) -> int:
    """A whole number from `low` to `high`; 4.0 is one."""
    checked = number(value, low, high)
    if not checked.is_integer():
        raise ValueError(f"expected a whole number, got {value}")
    return int(checked)
