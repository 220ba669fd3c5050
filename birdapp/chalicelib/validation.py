"""Checks of another part's answer: each returns a value with its type, or raises ValueError."""

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

Value = TypeVar("Value")


class Fields:
    """The fields of an object; an error names the field, with the path to it."""

    def __init__(self, value: object, path: str = "") -> None:
        self._fields, self._path = mapping(value), path

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def take(self, name: str, check: Callable[[object], Value]) -> Value:
        """Return the field as `check` returns it. Raises ValueError."""
        if name not in self._fields:
            raise ValueError(f"{self._path}{name} is missing")
        try:
            return check(self._fields[name])
        except ValueError as error:
            raise ValueError(f"{self._path}{name}: {error}") from error

    def inner(self, name: str) -> "Fields":
        """Return the fields of an object inside. Raises ValueError."""
        return Fields(self.take(name, mapping), f"{self._path}{name}.")


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
        got = len(value) if isinstance(value, list) else type(value).__name__
        raise ValueError(f"expected a list of {count or 'some'} items, got {got}")
    return value


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        got = "an empty one" if value == "" else type(value).__name__
        raise ValueError(f"expected a text, got {got}")
    return value


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {type(value).__name__}")
    return value


def number(value: object, low: float = 0.0, high: float = math.inf) -> float:
    """A finite number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number, got {type(value).__name__}")
    if not low <= value <= high or value in (math.inf, -math.inf):
        raise ValueError(f"expected a number from {low:g} to {high:g}, got {value}"[:100])
    try:
        return float(value)
    except OverflowError as error:  # A whole number of JSON has any number of digits.
        raise ValueError("expected a finite number, got more than 300 digits") from error


def whole(value: object, low: int, high: int) -> int:
    """A whole number from `low` to `high`; 4.0 is one."""
    checked = number(value, low, high)
    if not checked.is_integer():
        raise ValueError(f"expected a whole number, got {value}")
    return int(checked)
