"""What must be true of a model's answers, before it is paid for and again when it serves."""

import json
import math
from typing import Any

from infra.endpoint.smoke_clip import Clip
from spectrogram_fn.spectrogram import SHAPE

MAX_ROW_SUM = 1.001
# float32 on another machine, rounded by another JSON writer; a different model is further away than this.
TOLERANCE = 0.01
WINDOW_BYTES = SHAPE[0] * SHAPE[1]
WINDOW_TEXT = f"{SHAPE[0]} x {SHAPE[1]} bytes"
SETTINGS = ("version", "thresholds", "pooling")


def problems_of_facts(facts: dict[str, Any], clip: Clip) -> list[str]:
    """List what is wrong with a model, from what `infra.endpoint.probe` found; empty when it may be deployed."""
    if facts["forbidden"]:
        return [f"its graph reaches out of itself ({', '.join(facts['forbidden'])})"]
    missing = [name for name in ("serving_default", "describe") if name not in facts["signatures"]]
    if missing:
        return [f"it has no signature {' and no '.join(missing)}"]
    if "error" in facts["answer"]:
        return [f"it does not take {WINDOW_TEXT} a window ({facts['answer']['error']})"]
    if "error" in facts["description"]:
        return [f"describe fails ({facts['description']['error']})"]
    return (
        problems_of_answer(facts["answer"], clip)
        + problems_of_description(facts["description"], facts["answer"])
        + problems_of_windows(facts)
    )


def problems_of_windows(facts: dict[str, Any]) -> list[str]:
    """List what is wrong when windows come alone, or are not 216 x 514."""
    problems = []
    # A graph that pads or cuts every window to just that size reads the spectrogram too.
    if facts["takes_short"] and facts["padded_to"] != [WINDOW_BYTES]:
        problems.append(
            f"it takes a window that is not {WINDOW_TEXT}, so its input is not the spectrogram"
        )
    first = facts["answer"]["probabilities"][:1]
    if "error" in facts["alone"] or differs(facts["alone"].get("probabilities"), first):
        problems.append("a window alone gets another answer than the same window among others")
    return problems


def problems_of_description(description: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """List where `describe` and the prediction do not say the same."""
    keys = ("labels", "names", "settings")
    return [
        f"describe and the prediction have other {key}"
        for key in keys
        if description.get(key) != answer.get(key)
    ]


def problems_of_answer(answer: dict[str, Any], clip: Clip) -> list[str]:
    """List what is wrong with `outputs` for a clip: labels, settings, shape, finite values, sums, the first species."""
    labels, names, rows = answer.get("labels"), answer.get("names"), answer.get("probabilities")
    if not isinstance(labels, list) or not labels or not isinstance(rows, list):
        return ["the answer has no labels or no probabilities"]
    problems = problems_of_labels(labels, names) + problems_of_settings(answer.get("settings"))
    if len(rows) != len(clip.windows) or any(
        not isinstance(row, list) or len(row) != len(labels) for row in rows
    ):
        return [
            *problems,
            f"probabilities must be {len(clip.windows)} rows of {len(labels)} values, one a label",
        ]
    return (
        problems
        + problems_of_values(rows, answer.get("bird"))
        + problems_of_ranking(labels, rows, clip)
    )


def problems_of_labels(labels: list[Any], names: Any) -> list[str]:
    """List doubled or empty labels, and names that do not go with them."""
    problems = []
    if len(set(labels)) != len(labels) or not all(labels):
        problems.append("labels must be unique and not empty")
    if not isinstance(names, list) or len(names) != len(labels):
        problems.append("there must be one name for each label")
    return problems


def problems_of_settings(text: Any) -> list[str]:
    """List what the settings lack; TensorFlow gives a scalar string, TensorFlow Serving too."""
    try:
        settings = json.loads(text)
    except (TypeError, ValueError):
        return ["settings must be a JSON text"]
    missing = [key for key in SETTINGS if not isinstance(settings, dict) or key not in settings]
    return [f"settings has no {', '.join(missing)}"] if missing else []


def problems_of_values(rows: list[list[Any]], bird: Any) -> list[str]:
    """List values that are no probabilities, and rows that add up to more than 1.001."""
    problems = []
    if not all(is_probability(value) for row in rows for value in row):
        problems.append(
            "probabilities must be numbers between 0 and 1, but NaN or another value came"
        )
    elif max(map(math.fsum, rows)) > MAX_ROW_SUM:
        problems.append(
            f"a row of probabilities adds up to {max(map(math.fsum, rows)):.3f}, more than {MAX_ROW_SUM}"
        )
    # A model without `bird` is served (docs/contracts.md).
    if bird is not None and (len(bird) != len(rows) or not all(map(is_probability, bird))):
        problems.append("bird must be one number between 0 and 1 a window")
    return problems


def is_probability(value: Any) -> bool:
    """Tell whether a value is a finite number in [0, 1.001]."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and 0 <= value <= MAX_ROW_SUM
    )


def problems_of_ranking(labels: list[str], rows: list[list[Any]], clip: Clip) -> list[str]:
    """Say when the clip's expected species does not come first, by the mean over its windows."""
    if clip.expected is None:
        return []
    totals = [sum(value or 0 for value in column) for column in zip(*rows, strict=True)]
    best = labels[totals.index(max(totals))]
    return (
        []
        if best == clip.expected
        else [f"the smoke clip is {clip.expected}, the model says {best}"]
    )


def problems_of_serving(
    answer: dict[str, Any], reference: dict[str, Any] | None, clip: Clip
) -> list[str]:
    """List what is wrong with a deployed model's answer; with a reference it must be that very model's."""
    problems = problems_of_answer(answer, clip)
    if reference is None or problems:
        return problems
    # The settings as JSON, not as text: another writer may put other spaces.
    same_settings = json.loads(answer["settings"]) == json.loads(reference["settings"])
    same = {key: answer[key] == reference[key] for key in ("labels", "names")} | {
        "settings": same_settings
    }
    problems = [
        f"it has other {key} than the model that was checked"
        for key, holds in same.items()
        if not holds
    ]
    if not problems and differs(answer["probabilities"], reference["probabilities"]):
        problems.append("it answers otherwise than the model that was checked")
    return problems


def differs(rows: Any, others: Any) -> bool:
    """Tell whether two tables of probabilities differ in shape or by more than TOLERANCE; None differs from all."""
    if not isinstance(rows, list) or [len(row) for row in rows] != [len(row) for row in others]:
        return True
    pairs = (
        pair
        for row, other in zip(rows, others, strict=True)
        for pair in zip(row, other, strict=True)
    )
    return any(one is None or other is None or abs(one - other) > TOLERANCE for one, other in pairs)
