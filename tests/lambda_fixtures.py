"""Fixtures of the main Lambda's tests: AWS played on a port, raw gateway events for app.py."""

import base64
import importlib
import json
import sys
from pathlib import Path

import fake_aws
import numpy as np
import pytest
import sounds

from birdapp.chalicelib import aws, endpoint_client, spectrogram_client
from birdapp.chalicelib.errors import ServiceError

BIRDAPP = Path(__file__).parent.parent / "birdapp"
EVENTS = Path(__file__).parent / "events"
NAMES = {"SPECTROGRAM_FUNCTION": "bird-spectrogram", "ENDPOINT_NAME": "bird-classifier"}


JSON_TYPE = {"Content-Type": "application/json"}
PCM = sounds.pcm16(0.3 * np.sin(np.arange(6 * sounds.SAMPLE_RATE) / 5))
IMAGE = base64.b64encode(bytes(111_024)).decode()


def forget_clients():
    """Make boto3 clients anew: chalicelib has two names, one in the Lambda and one for training."""
    for name in ("chalicelib.aws", "birdapp.chalicelib.aws"):
        if name in sys.modules:
            sys.modules[name]._make_client.cache_clear()


@pytest.fixture(scope="module")
def played_aws():
    """The played services; the clients that the service makes lead to them."""
    forget_clients()
    with fake_aws.running_fake_aws() as (fake, environment), pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield fake
    forget_clients()


@pytest.fixture
def fake(played_aws):
    """The played services as new: they have seen nothing and fail in nothing."""
    played_aws.__init__()
    return played_aws


@pytest.fixture(scope="module")
def main_lambda(played_aws):
    """app.py as Lambda loads it, with its settings; call it with an event and a context."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**NAMES, "FFMPEG_BINARY": sounds.FFMPEG}.items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(BIRDAPP))
        yield importlib.import_module("app").app


@pytest.fixture
def send(main_lambda, fake):
    """Send a raw event to the Lambda: send("classify", body=...) -> (status, headers, body)."""

    def call(name, **changes):
        event = {**json.loads((EVENTS / f"{name}.json").read_text()), **changes}
        answer = main_lambda(event, None)
        assert isinstance(answer["body"], str)
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        return answer["statusCode"], headers, json.loads(answer["body"] or "null")

    return call


def error_of(answer):
    """The status and error code of an answer, after checking the form that all errors have."""
    status, headers, body = answer
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "request_id"}
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-type"] == "application/json"
    return status, body["error"]["code"]


def body_of(audio, **fields):
    """The body of a request for POST /classify."""
    return json.dumps({"data": base64.b64encode(audio).decode(), **fields})


def tone_wav(seconds=5.0, amplitude=0.5):
    """A plain WAV with a tone."""
    return sounds.make_wav(
        sounds.pcm16(amplitude * np.sin(np.arange(round(sounds.SAMPLE_RATE * seconds)) / 5))
    )


@pytest.fixture
def fetch(fake):
    """Ask the spectrogram Lambda for six seconds."""
    event = spectrogram_client.event(PCM, 22_050, "request-1")
    return lambda: spectrogram_client.fetch_spectrograms(
        aws.client("lambda", 6), "bird-spectrogram", event
    )


@pytest.fixture
def predict(fake):
    """Ask the endpoint for two windows."""
    return lambda: endpoint_client.predict(
        aws.client("sagemaker-runtime", 7), "bird-classifier", [IMAGE, IMAGE]
    )


@pytest.fixture
def describe(fake):
    """Ask the endpoint for its model."""
    return lambda: endpoint_client.describe(aws.client("sagemaker-runtime", 7), "bird-classifier")


def upstream_code(call):
    """The code that a hop fails with."""
    with pytest.raises(ServiceError) as raised:
        call()
    return raised.value.code
