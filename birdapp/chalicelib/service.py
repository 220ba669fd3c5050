"""What each route does: the hops in their order, each with its share of the deadline."""

import os
from typing import Any

from . import aws, endpoint_client, response, spectrogram_client
from .decode import DECODE_SECONDS, decode
from .endpoint_client import ENDPOINT_SECONDS, FunctionRuntime
from .errors import ServiceError
from .http import Call
from .model import Prediction
from .pcm import SAMPLE_RATE
from .request import parse_classify
from .spectrogram_client import SPECTROGRAM_SECONDS, Spectrograms


def make_clients() -> None:
    """Make the clients, which takes longer than a request, before the first one waits for them."""
    _lambda()
    _runtime()


def classify(call: Call) -> dict[str, Any]:
    """Return the body of POST /classify. Raises ServiceError."""
    request = parse_classify(call.request)
    with call.stopwatch.stage("decode"):
        pcm = decode(request.audio, call.deadline.left(DECODE_SECONDS))
    found = _spectrograms(call, pcm)
    if all(window.silent for window in found.windows):
        raise ServiceError("silent_audio")
    prediction = _predict(call, found)
    return {**response.build_answer(found, prediction, request.top), "request_id": call.request_id}


def species(call: Call) -> dict[str, Any]:
    """Return the body of GET /species. Raises ServiceError.

    Nothing is remembered: the next model may be deployed at any moment.
    """
    runtime, name = _classifier()
    with call.stopwatch.stage("endpoint"):
        model = call.deadline.call(
            ENDPOINT_SECONDS, lambda: endpoint_client.describe(runtime, name)
        )
    return response.list_species(model)


def _spectrograms(call: Call, pcm: bytes) -> Spectrograms:
    client, function = _lambda(), os.environ["SPECTROGRAM_FUNCTION"]
    event = spectrogram_client.event(pcm, SAMPLE_RATE, call.request_id)
    with call.stopwatch.stage("spectrogram"):
        return call.deadline.call(
            SPECTROGRAM_SECONDS,
            lambda: spectrogram_client.fetch_spectrograms(client, function, event),
        )


def _predict(call: Call, found: Spectrograms) -> Prediction:
    runtime, name = _classifier()
    images = [window.spectrogram for window in found.windows]
    with call.stopwatch.stage("endpoint"):
        return call.deadline.call(
            ENDPOINT_SECONDS, lambda: endpoint_client.predict(runtime, name, images)
        )


def _lambda() -> Any:
    return aws.client("lambda", SPECTROGRAM_SECONDS)


def _classifier() -> tuple[Any, str]:
    """Return the model's client and name: a Lambda where one is named, otherwise the endpoint."""
    return _runtime(), os.environ.get("CLASSIFIER_FUNCTION") or os.environ["ENDPOINT_NAME"]


def _runtime() -> Any:
    if os.environ.get("CLASSIFIER_FUNCTION"):
        return FunctionRuntime(aws.client("lambda", ENDPOINT_SECONDS))
    return aws.client("sagemaker-runtime", ENDPOINT_SECONDS)
