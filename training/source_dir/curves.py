"""Curves from a score to a confidence, fitted so that of all with 0.8 about 80 % are right."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

POINTS = np.round(np.linspace(0, 1, 21), 2)
# Slope and offset of the curve: where the search begins, and how far it may go.
LINE_START = (1.5, 0.5)
LINE_BOUNDS = ((0.1, 10.0), (-5.0, 5.0))
LEAST_LIKELY = 1e-4

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def curve(line: Floats | tuple[float, float]) -> Floats:
    """Return the confidences at POINTS: a line [slope, offset] between logits (Platt, 1999)."""
    logits = special.logit(np.clip(POINTS, 1e-4, 1 - 1e-4))
    found = special.expit(line[0] * logits + line[1])
    found[0], found[-1] = 0.0, 1.0
    return np.asarray(found)


def fit(shown: Callable[[Floats], Floats], right: Flags) -> tuple[Floats, float]:
    """Return the line whose curve makes `shown`(curve) [n] the likeliest, and its mean loss.

    Nothing shown, as by a network that learnt for seconds, says nothing: where the search begins.
    """
    if not right.size:
        return np.asarray(LINE_START), 0.0

    def loss(line: Floats) -> float:
        chances = shown(curve(line))
        likely = np.where(right, chances, 1 - chances)
        return float(-np.log(np.maximum(likely, LEAST_LIKELY)).mean())

    found = optimize.minimize(loss, LINE_START, method="Nelder-Mead", bounds=LINE_BOUNDS)
    return np.asarray(found.x), float(found.fun)


def table(points: Floats) -> list[list[float]]:
    """Return a curve as the settings hold it: [score, confidence] pairs."""
    return [[float(x), round(float(y), 4)] for x, y in zip(POINTS, points, strict=True)]
