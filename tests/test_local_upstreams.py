"""The Lambda and SageMaker APIs that run_local.py plays, as boto3 and birdapp see them."""

import base64
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from local_app import REPOSITORY, ask, wait_for

from loadtests.app import classify_body
from local import processes, readiness, server


@pytest.fixture(scope="module")
def upstreams(tiny_folder):
    """The two servers behind birdapp, alone: the variables that tell boto3 where they are."""
    config = json.loads((REPOSITORY / "birdapp" / ".chalice" / "config.json").read_text())
    settings = os.environ | config["environment_variables"] | {"MODEL_DIR": str(tiny_folder)}
    settings["CLASSIFIER_FUNCTION"] = "bird-classifier"
    function, endpoint = server.listen(0), server.listen(0)
    addresses = server.address(function), server.address(endpoint)
    parts = [
        processes.start("local.lambda_invoke", function, settings),
        processes.start("local.sagemaker_runtime", endpoint, settings),
    ]
    yield dict(
        zip(
            ["AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"],
            addresses,
            strict=True,
        )
    )
    processes.stop(parts)


def test_chalice_local_answers_alone_given_the_two_addresses(upstreams):
    with server.listen(0) as free:
        url, port = server.address(free), free.getsockname()[1]
    command = [
        Path(sys.executable).parent / "chalice",
        "local",
        "--no-autoreload",
        "--port",
        str(port),
    ]
    variables = {"PATH": os.environ["PATH"], **upstreams}
    with subprocess.Popen(command, cwd=REPOSITORY / "birdapp", env=variables) as chalice:
        try:
            assert wait_for(lambda: listens(port))
            # The parts behind it may still be loading: it then says 504, and a client asks again.
            assert wait_for(
                lambda: ask(url, "POST", "/classify", classify_body(readiness.whistle()))[0] == 200
            )
            assert json.loads(ask(url, "GET", "/species")[2])["model"] == "tiny"
        finally:
            chalice.kill()


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def clients(upstreams):
    """boto3 clients of the two servers."""
    keys = {
        "region_name": "eu-west-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
    }
    lambda_url, runtime_url = upstreams.values()
    return {
        "lambda": boto3.client("lambda", endpoint_url=lambda_url, **keys),
        "runtime": boto3.client("sagemaker-runtime", endpoint_url=runtime_url, **keys),
    }


def test_an_unknown_endpoint_is_a_validation_error_as_on_aws(clients):
    with pytest.raises(ClientError, match=r"ValidationError.*Endpoint nowhere of account"):
        clients["runtime"].invoke_endpoint(EndpointName="nowhere", Body=b"{}")


@pytest.mark.parametrize(
    "request_body",
    [
        "{",
        "[]",
        '{"instances": []}',
        '{"inputs": {"spectrogram": []}}',
        '{"inputs": {"spectrogram": [{"b64": "AAAA"}]}}',
        '{"inputs": {"spectrogram": [{"b64": "?"}]}}',
        '{"inputs": {"spectrogram": ["AAAA"]}}',
        '{"signature_name": "nothing", "inputs": {}}',
    ],
)
def test_what_tensorflow_serving_refuses_is_a_model_error(clients, request_body):
    with pytest.raises(ClientError, match="ModelError") as failure:
        clients["runtime"].invoke_endpoint(EndpointName="bird-classifier", Body=request_body)
    assert failure.value.response["OriginalStatusCode"] == 400


def test_an_unknown_function_is_not_found_as_on_aws(clients):
    with pytest.raises(
        clients["lambda"].exceptions.ResourceNotFoundException, match="Function not found"
    ):
        clients["lambda"].invoke(FunctionName="nowhere", Payload=b"{}")


def test_the_models_lambda_returns_what_the_endpoint_returns(clients):
    windows = [{"b64": base64.b64encode(bytes([value]) * 111_024).decode()} for value in (0, 99)]
    body = json.dumps({"inputs": {"spectrogram": windows}})
    endpoint = clients["runtime"].invoke_endpoint(EndpointName="bird-classifier", Body=body)
    function = clients["lambda"].invoke(FunctionName="bird-classifier", Payload=body)
    outputs = json.loads(function["Payload"].read())
    assert "FunctionError" not in function
    assert outputs == json.loads(endpoint["Body"].read())
    assert len(outputs["outputs"]["probabilities"]) == 2


@pytest.mark.parametrize("payload", ["[]", '{"inputs": {"spectrogram": []}}', "{}"])
def test_what_the_endpoint_refuses_fails_in_the_models_lambda(clients, payload):
    function = clients["lambda"].invoke(FunctionName="bird-classifier", Payload=payload)
    assert json.loads(function["Payload"].read())["errorType"] == "PredictError"


def test_a_payload_over_6_mib_is_too_large_for_a_function(clients):
    with pytest.raises(
        clients["lambda"].exceptions.RequestTooLargeException, match="larger than 6291456 bytes"
    ):
        clients["lambda"].invoke(FunctionName="bird-spectrogram", Payload=b" " * (6 * 2**20 + 1))


def test_a_function_that_fails_is_an_answer_that_says_so(clients):
    answer = clients["lambda"].invoke(
        FunctionName="bird-spectrogram", Payload=b'{"sample_rate": 8000}'
    )
    failure = json.loads(answer["Payload"].read())
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (failure["errorType"], failure["errorMessage"]) == (
        "ValueError",
        "expected sample_rate 22050, got 8000",
    )
    assert "handler.py" in "".join(failure["stackTrace"])
