"""The client of the model: spectrograms -> probabilities (docs/contracts.md).

It is on a SageMaker endpoint, or in a Lambda that takes the same body.
"""

import io
import json
from collections.abc import Sequence
from typing import Any

from .aws import invoke, send, upstream_errors
from .errors import ServiceError
from .model import Model, Prediction, parse_model, parse_prediction
from .validation import Fields, mapping, parse_json

ENDPOINT_SECONDS = 7
HOP = "endpoint"


class FunctionRuntime:
    """A Lambda's client where SageMaker's is expected; the function has the endpoint's place."""

    def __init__(self, lambda_client: Any) -> None:
        self._client = lambda_client

    def invoke_endpoint(self, *, EndpointName: str, Body: bytes, **_: str) -> dict[str, Any]:  # noqa: N803  # boto3's names.
        return {"Body": io.BytesIO(invoke(self._client, EndpointName, Body, HOP))}


def predict(runtime_client: Any, endpoint: str, spectrograms: Sequence[str]) -> Prediction:
    """Ask for all windows of a recording in one call. Raises ServiceError with an upstream code."""
    inputs = {"spectrogram": [{"b64": spectrogram} for spectrogram in spectrograms]}
    answer = _invoke(runtime_client, endpoint, {"inputs": inputs})
    try:
        return parse_prediction(_outputs(answer), len(spectrograms))
    except ValueError as error:
        raise ServiceError("upstream_invalid", detail=f"{HOP}: {error}") from error


def describe(runtime_client: Any, endpoint: str) -> Model:
    """Ask the deployed model about itself. Raises ServiceError with an upstream code."""
    answer = _invoke(
        runtime_client, endpoint, {"signature_name": "describe", "inputs": {"ask": [""]}}
    )
    try:
        return parse_model(_outputs(answer))
    except ValueError as error:
        raise ServiceError("upstream_invalid", detail=f"{HOP}: {error}") from error


def _invoke(runtime_client: Any, endpoint: str, request: dict[str, Any]) -> bytes:
    with upstream_errors(HOP):
        body = json.dumps(request).encode("ascii")
        invoke = runtime_client.invoke_endpoint
        answer = send(invoke, EndpointName=endpoint, ContentType="application/json", Body=body)
        return bytes(answer["Body"].read())


def _outputs(answer: bytes) -> dict[str, Any]:
    return Fields(parse_json(answer)).take("outputs", mapping)
