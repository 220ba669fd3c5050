"""What must be true of a model's answers, before it is paid for and again when it is deployed.

Whether the main Lambda takes an answer is asked of the main Lambda's own code. What is added here
it cannot see: how the graph is built, and whether the deployed model is the one that was checked.
"""

import base64
import json
from dataclasses import dataclass
from itertools import chain
from typing import Any

from birdapp.chalicelib.model import parse_prediction

# float32 on another machine, rounded by another JSON writer; a different model is further away.
TOLERANCE = 0.01
CONSTANTS = ("labels", "names", "settings")


@dataclass(frozen=True)
class Clip:
    """What a model is asked: windows [n] of uint8 values [shape], row by row.

    `expected` is the label that must come first, None for any.
    """

    windows: tuple[bytes, ...]
    shape: tuple[int, int]
    expected: str | None = None

    def request(self) -> dict[str, Any]:
        """Return TensorFlow Serving's columnar request (docs/contracts.md)."""
        windows = [{"b64": base64.b64encode(window).decode()} for window in self.windows]
        return {"inputs": {"spectrogram": windows}}


def problems_of_facts(facts: dict[str, Any], clip: Clip) -> list[str]:
    """Return what is wrong with a model, from what infra/endpoint/probe.py found; [] if nothing."""
    window = f"{clip.shape[0]} x {clip.shape[1]} bytes"
    if facts["forbidden"]:
        return [f"its graph reaches out of itself ({', '.join(facts['forbidden'])})"]
    missing = [name for name in ("serving_default", "describe") if name not in facts["signatures"]]
    if missing:
        return [f"it has no signature {' and no '.join(missing)}"]
    if "error" in facts["answer"]:
        return [f"it does not take {window} a window ({facts['answer']['error']})"]
    if "error" in facts["description"]:
        return [f"describe fails ({facts['description']['error']})"]
    problems = problems_of_answer(facts["answer"], clip)
    described, answer = facts["description"], facts["answer"]
    differing = [key for key in CONSTANTS if described.get(key) != answer.get(key)]
    return problems or [
        *(f"describe and the prediction have other {key}" for key in differing),
        *problems_of_windows(facts, clip),
    ]


def problems_of_answer(answer: dict[str, Any], clip: Clip) -> list[str]:
    """Return why the main Lambda would refuse `outputs` for a clip, or its wrong first species."""
    try:
        parse_prediction(answer, len(clip.windows))
    except ValueError as error:
        return [f"the main Lambda would refuse its answer: {error}"]
    return problems_of_ranking(answer["labels"], answer["probabilities"], clip)


def problems_of_ranking(labels: list[str], rows: list[list[float]], clip: Clip) -> list[str]:
    """Return that the clip's label does not come first, by the mean over its windows."""
    if clip.expected is None:
        return []
    totals = [sum(column) for column in zip(*rows, strict=True)]
    best = labels[totals.index(max(totals))]
    wrong = f"the smoke clip is {clip.expected}, the model says {best}"
    return [] if best == clip.expected else [wrong]


def problems_of_windows(facts: dict[str, Any], clip: Clip) -> list[str]:
    """Return what is wrong when windows come alone, or are not of the clip's shape."""
    bands, times = clip.shape
    problems = []
    # A graph that pads or cuts every window to just that size reads the spectrogram too.
    if facts["takes_short"] and facts["padded_to"] != [bands * times]:
        size = f"a window that is not {bands} x {times} bytes"
        problems.append(f"it takes {size}, so its input is not the spectrogram")
    first = facts["answer"]["probabilities"][:1]
    if "error" in facts["alone"] or differs(facts["alone"].get("probabilities"), first):
        problems.append("a window alone gets another answer than the same window among others")
    return problems


def problems_of_deployed(
    answer: dict[str, Any], reference: dict[str, Any] | None, clip: Clip
) -> list[str]:
    """Return what is wrong with a deployed model's answer; a reference must be that model's own."""
    problems = problems_of_answer(answer, clip)
    if reference is None or problems:
        return problems
    other = [key for key in CONSTANTS if _constant(answer, key) != _constant(reference, key)]
    problems = [f"it has other {key} than the model that was checked" for key in other]
    if not problems and differs(answer["probabilities"], reference["probabilities"]):
        problems.append("it answers otherwise than the model that was checked")
    return problems


def _constant(answer: dict[str, Any], key: str) -> Any:
    # The settings as JSON, not as text: another writer may put other spaces.
    return json.loads(answer[key]) if key == "settings" else answer[key]


def differs(rows: Any, others: Any) -> bool:
    """Return whether two tables of probabilities differ in shape or by more than TOLERANCE.

    A None, which stands for a value that is not finite, differs from everything.
    """
    if not isinstance(rows, list) or [len(row) for row in rows] != [len(row) for row in others]:
        return True
    pairs = zip(chain.from_iterable(rows), chain.from_iterable(others), strict=True)
    return any(one is None or other is None or abs(one - other) > TOLERANCE for one, other in pairs)
