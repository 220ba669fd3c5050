"""Every way in which a hop can fail, over real sockets, and the deadline that bounds it."""

import json
import socket
import threading
import time

import boto3
import fake_aws
import pytest
from lambda_fixtures import upstream_code

from birdapp.chalicelib import aws, endpoint_client
from birdapp.chalicelib.deadline import Deadline
from birdapp.chalicelib.errors import ServiceError

HTTP_FAILURES = [
    (424, "ModelError", "upstream_error"),
    (400, "ValidationError", "upstream_error"),
    (403, "AccessDeniedException", "upstream_error"),
    (404, "ResourceNotFoundException", "upstream_error"),
    (500, "InternalFailure", "upstream_error"),
    (400, "ThrottlingException", "upstream_unavailable"),
    (429, "ModelNotReadyException", "upstream_unavailable"),
    (429, "TooManyRequestsException", "upstream_unavailable"),
    (503, "ServiceUnavailable", "upstream_unavailable"),
]


@pytest.mark.parametrize(("status", "name", "code"), HTTP_FAILURES)
@pytest.mark.parametrize("service", ["lambda", "endpoint"])
def test_a_failure_of_the_service(service, status, name, code, fake, fetch, predict):
    fake.reply[service] = (status, {"x-amzn-ErrorType": name}, json.dumps({"Message": "no"}))
    assert upstream_code(fetch if service == "lambda" else predict) == code
    assert len(fake.requests) == 1


def test_a_refused_connection_is_unavailable(fake, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", f"http://127.0.0.1:{port}")
    client = boto3.client("sagemaker-runtime", config=aws.Config(retries={"total_max_attempts": 1}))
    assert (
        upstream_code(lambda: endpoint_client.describe(client, "bird-classifier"))
        == "upstream_unavailable"
    )


def test_a_connection_closed_once_is_tried_again(fake, describe):
    fake.closed["endpoint"] = 1
    assert describe().version == "test-1"


def test_a_connection_that_is_always_closed_is_unavailable(fake, describe):
    fake.closed["endpoint"] = 9
    assert upstream_code(describe) == "upstream_unavailable"
    assert len(fake.requests) == 2


def test_a_read_timeout_is_not_tried_again(fake):
    fake.delays["endpoint"] = 2
    assert (
        upstream_code(lambda: endpoint_client.describe(aws.client("sagemaker-runtime", 1), "x"))
        == "upstream_timeout"
    )
    assert len(fake.requests) == 1


def test_a_client_is_made_once_even_by_many_threads(fake):
    aws._make_client.cache_clear()
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(aws.client("lambda", 6))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(map(id, made))) == 1


def test_a_client_needs_neither_keys_nor_a_region(fake, monkeypatch):
    for name in fake_aws.CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    aws._make_client.cache_clear()
    assert endpoint_client.describe(aws.client("sagemaker-runtime", 7), "x").version == "test-1"


def test_a_hop_gets_its_own_limit_or_what_is_left():
    assert Deadline(20.0).left(6.0) == 6.0
    assert 0 < Deadline(3.0).left(6.0) <= 3.0


def test_a_deadline_that_has_passed_is_a_timeout():
    with pytest.raises(ServiceError, match="upstream_timeout"):
        Deadline(0.0).left(6.0)


def test_a_hop_that_drips_is_given_up():
    drips = threading.Event()
    with pytest.raises(ServiceError, match=r"no answer within 0\.1 s"):
        Deadline(0.1).call(6.0, drips.wait)
    drips.set()


def test_what_a_hop_raises_reaches_the_caller():
    def fail():
        raise ServiceError("upstream_invalid")

    with pytest.raises(ServiceError, match="upstream_invalid"):
        Deadline().call(6.0, fail)
    assert Deadline().call(6.0, time.monotonic) > 0
