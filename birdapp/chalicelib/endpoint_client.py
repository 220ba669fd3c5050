"""The client of the SageMaker endpoint: spectrograms -> probabilities (docs/contracts.md)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import validation
from .aws import send, upstream_errors
from .errors import ServiceError
from .model import Model, parse_model

ENDPOINT_SECONDS = 7
HOP = "endpoint"
# Float32 rows of a softmax add up to a little more than 1.
MAX_ROW_SUM = 1.001


@dataclass(frozen=True)
class Prediction:
    """Probabilities [n][k] of the listed species; `birds` [n], that any bird sings, None where the model has none."""

    model: Model
    probabilities: list[list[float]]
    birds: list[float] | None


def predict(runtime_client: Any, endpoint: str, spectrograms: Sequence[str]) -> Prediction:
    """Ask for all windows of a recording in one call. Raises ServiceError with an upstream code."""
    inputs = {"spectrogram": [{"b64": spectrogram} for spectrogram in spectrograms]}
    answer = _invoke(runtime_client, endpoint, {"inputs": inputs})
    try:
        return _parse_prediction(
            validation.mapping(validation.parse_json(answer)["outputs"]), len(spectrograms)
        )
    except (ValueError, KeyError) as error:
        raise ServiceError("upstream_invalid", detail=f"{HOP}: {error!r}") from error


def describe(runtime_client: Any, endpoint: str) -> Model:
    """Ask the deployed model about itself. Raises ServiceError with an upstream code."""
    answer = _invoke(
        runtime_client, endpoint, {"signature_name": "describe", "inputs": {"ask": [""]}}
    )
    try:
        return parse_model(validation.mapping(validation.parse_json(answer)["outputs"]))
    except (ValueError, KeyError) as error:
        raise ServiceError("upstream_invalid", detail=f"{HOP}: {error!r}") from error


def _invoke(runtime_client: Any, endpoint: str, request: dict[str, Any]) -> bytes:
    with upstream_errors(HOP):
        body = json.dumps(request).encode("ascii")
        invoke = runtime_client.invoke_endpoint
        answer = send(invoke, EndpointName=endpoint, ContentType="application/json", Body=body)
        return bytes(answer["Body"].read())


def _parse_prediction(outputs: dict[str, Any], windows: int) -> Prediction:
    model = parse_model(outputs)
    rows = [
        _parse_row(row, len(model.labels))
        for row in validation.items(outputs["probabilities"], windows)
    ]
    birds = None
    if "bird" in outputs:
        birds = [
            validation.number(value, high=MAX_ROW_SUM)
            for value in validation.items(outputs["bird"], windows)
        ]
    return Prediction(model, rows, birds)


def _parse_row(row: object, labels: int) -> list[float]:
    values = [validation.number(value, high=MAX_ROW_SUM) for value in validation.items(row, labels)]
    total = 0.0
    for value in values:
        total += value
    if total > MAX_ROW_SUM:
        raise ValueError(f"expected probabilities that add up to at most 1, got {total}")
    return [value / max(total, 1.0) for value in values]
