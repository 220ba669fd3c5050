"""The two AWS clients over real sockets: what they send, what they take, and every way in which a hop can fail."""

import base64
import json
import socket
import threading
import time

import boto3
import fake_aws
import numpy as np
import pytest

from birdapp.chalicelib import aws, endpoint, spectrograms
from birdapp.chalicelib.deadline import Deadline
from birdapp.chalicelib.errors import ServiceError

PCM = (np.sin(np.arange(22_050 * 6) / 5) * 9_000).astype("<i2").tobytes()
IMAGE = base64.b64encode(bytes(111_024)).decode()


@pytest.fixture(scope="module")
def services():
    """The played services; the service's own clients, made once, lead to them."""
    aws._make_client.cache_clear()
    with fake_aws.running_fake_aws() as (fake, environment), pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield fake
    aws._make_client.cache_clear()


@pytest.fixture
def fake(services):
    services.__init__()
    return services


@pytest.fixture
def fetch(fake):
    event = spectrograms.event(PCM, 22_050, "request-1")
    return lambda: spectrograms.fetch_spectrograms(aws.client("lambda", 6), "bird-spectrogram", event)


@pytest.fixture
def predict(fake):
    return lambda: endpoint.predict(aws.client("sagemaker-runtime", 7), "bird-classifier", [IMAGE, IMAGE])


@pytest.fixture
def describe(fake):
    return lambda: endpoint.describe(aws.client("sagemaker-runtime", 7), "bird-classifier")


def code_of(call):
    with pytest.raises(ServiceError) as raised:
        call()
    return raised.value.code


def test_the_whole_recording_travels_in_one_call_and_all_windows_come_back(fake, fetch):
    found = fetch()
    [(_, path, body)] = fake.requests
    assert path == "/2015-03-31/functions/bird-spectrogram/invocations"
    assert base64.b64decode(json.loads(body)["pcm"]) == PCM
    assert [(one.start_seconds, one.end_seconds, one.silent) for one in found.windows] == [(0, 5, False), (5, 6, False)]
    assert len(base64.b64decode(found.windows[0].spectrogram)) == 216 * 514


def test_all_windows_travel_to_the_endpoint_in_the_columnar_form(fake, predict):
    prediction = predict()
    [(_, path, body)] = fake.requests
    assert path == "/endpoints/bird-classifier/invocations"
    assert json.loads(body) == {"inputs": {"spectrogram": [{"b64": IMAGE}, {"b64": IMAGE}]}}
    assert prediction.probabilities == [fake.row, fake.row]
    assert (prediction.birds, prediction.model.version) == ([0.95, 0.95], "test-1")


def test_describe_uses_its_own_signature(fake, describe):
    assert describe().names == ["Common Blackbird", "Great Tit", "Tawny Owl"]
    assert json.loads(fake.requests[0][2]) == {"signature_name": "describe", "inputs": {"ask": [""]}}


def test_a_model_without_the_bird_output_is_taken(fake, predict):
    fake.outputs = {"bird": None}
    assert predict().birds is None


def test_rows_a_little_over_one_are_scaled_down(fake, predict):
    fake.outputs = {"probabilities": [[1.0005, 0.0, 0.0]] * 2}
    assert predict().probabilities == [[1.0, 0.0, 0.0]] * 2


def settings_with(**changes):
    return json.dumps({**fake_aws.SETTINGS, **changes})


def pooling_with(**changes):
    return settings_with(pooling={**fake_aws.SETTINGS["pooling"], **changes})


WRONG_OUTPUTS = {
    "a row is missing": {"probabilities": [[0.1, 0.1, 0.1]]},
    "a row is short": {"probabilities": [[0.1, 0.1, 0.1], [0.1, 0.1]]},
    "no rows": {"probabilities": None},
    "rows are no lists": {"probabilities": [0.1, 0.1]},
    "a text among numbers": {"probabilities": [["0.1", 0.1, 0.1]] * 2},
    "true among numbers": {"probabilities": [[True, 0, 0]] * 2},
    "null among numbers": {"probabilities": [[None, 0, 0]] * 2},
    "negative": {"probabilities": [[-0.1, 0.1, 0.1]] * 2},
    "a row over one": {"probabilities": [[0.5, 0.5, 0.01]] * 2},
    "not a number": {"probabilities": [[float("nan"), 0, 0]] * 2},
    "infinite": {"probabilities": [[float("inf"), 0, 0]] * 2},
    "bird not a number": {"bird": [float("nan"), 0.5]},
    "bird is short": {"bird": [0.5]},
    "bird over one": {"bird": [1.5, 0.5]},
    "no labels": {"labels": None},
    "empty labels": {"labels": [], "names": []},
    "labels not unique": {"labels": ["Turdus merula", "Parus major", "Parus major"]},
    "a label is empty": {"labels": ["Turdus merula", "Parus major", ""]},
    "names are short": {"names": ["Common Blackbird"]},
    "a name is a number": {"names": ["Common Blackbird", "Great Tit", 3]},
    "settings are an object": {"settings": fake_aws.SETTINGS},
    "settings are no JSON": {"settings": "{"},
    "settings are a list": {"settings": "[]"},
    "no version": {"settings": settings_with(version="")},
    "no thresholds": {"settings": settings_with(thresholds={})},
    "a threshold over one": {"settings": settings_with(thresholds={"bird": 1.1, "no_bird": 0.1})},
    "another rule": {"settings": pooling_with(rule="max")},
    "exponent 3": {"settings": pooling_with(exponent=3)},
    "exponent 1.5": {"settings": pooling_with(exponent=1.5)},
    "more species than top shows": {"settings": pooling_with(species_per_window=21)},
    "half a species": {"settings": pooling_with(species_per_window=2.5)},
    "calibration does not start at 0": {"settings": pooling_with(calibration=[[0.1, 0], [1, 1]])},
    "calibration does not end at 1": {"settings": pooling_with(calibration=[[0, 0], [1, 0.9]])},
    "calibration stands still": {"settings": pooling_with(calibration=[[0, 0], [0.5, 0.2], [0.5, 0.4], [1, 1]])},
    "calibration falls": {"settings": pooling_with(calibration=[[0, 0], [0.5, 0.5], [0.6, 0.4], [1, 1]])},
    "a calibration point is a number": {"settings": pooling_with(calibration=[0, 1])},
}


@pytest.mark.parametrize("outputs", WRONG_OUTPUTS.values(), ids=WRONG_OUTPUTS.keys())
def test_an_endpoint_answer_out_of_the_contract_is_invalid(outputs, fake, predict):
    fake.outputs = outputs
    assert code_of(predict) == "upstream_invalid"


WRONG_BODIES = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "null": "null",
    "no outputs": "{}",
    "outputs are a list": '{"outputs": []}',
    "no fields": '{"outputs": {}}',
    "no UTF-8": b"\xff\xfe",
    "brackets": "[" * 99_999,
}


@pytest.mark.parametrize("body", WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
def test_an_endpoint_answer_of_another_kind_is_invalid(body, fake, predict):
    fake.reply["endpoint"] = (200, {}, body)
    assert code_of(predict) == "upstream_invalid"


WINDOW = {"start_seconds": 0.0, "end_seconds": 5.0, "silent": False, "spectrogram": IMAGE}
WRONG_SPECTROGRAMS = {
    "no windows": {"windows": []},
    "windows are missing": {"windows": None},
    "a window is no object": {"windows": [1]},
    "another size": {"windows": [{**WINDOW, "spectrogram": IMAGE[4:]}]},
    "no image": {"windows": [{**WINDOW, "spectrogram": None}]},
    "silent is a number": {"windows": [{**WINDOW, "silent": 0}]},
    "ends before it starts": {"windows": [{**WINDOW, "start_seconds": 6.0}]},
    "no time": {"windows": [{key: value for key, value in WINDOW.items() if key != "end_seconds"}]},
    "no seconds": {"audio_seconds": None},
    "negative seconds": {"audio_seconds": -1},
    "flat shape": {"shape": [111_024]},
    "empty shape": {"shape": [0, 514]},
}


@pytest.mark.parametrize("change", WRONG_SPECTROGRAMS.values(), ids=WRONG_SPECTROGRAMS.keys())
def test_a_spectrogram_answer_out_of_the_contract_is_invalid(change, fake, fetch):
    answer = {"shape": [216, 514], "audio_seconds": 5.0, "windows": [WINDOW], **change}
    fake.reply["lambda"] = (200, {}, json.dumps(answer))
    assert code_of(fetch) == "upstream_invalid"


def test_a_failed_function_is_an_upstream_error(fake, fetch):
    failure = json.dumps({"errorMessage": "half a sample", "errorType": "ValueError", "stackTrace": []})
    fake.reply["lambda"] = (200, {"X-Amz-Function-Error": "Unhandled"}, failure)
    assert code_of(fetch) == "upstream_error"


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
    assert code_of(fetch if service == "lambda" else predict) == code
    assert len(fake.requests) == 1


def test_a_refused_connection_is_unavailable(fake, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", f"http://127.0.0.1:{port}")
    client = boto3.client("sagemaker-runtime", config=aws.Config(retries={"total_max_attempts": 1}))
    assert code_of(lambda: endpoint.describe(client, "bird-classifier")) == "upstream_unavailable"


def test_a_connection_closed_once_is_tried_again(fake, describe):
    fake.closed["endpoint"] = 1
    assert describe().version == "test-1"


def test_a_connection_that_is_always_closed_is_unavailable(fake, describe):
    fake.closed["endpoint"] = 9
    assert code_of(describe) == "upstream_unavailable"
    assert len(fake.requests) == 2


def test_a_read_timeout_is_not_tried_again(fake):
    fake.delays["endpoint"] = 2
    assert code_of(lambda: endpoint.describe(aws.client("sagemaker-runtime", 1), "x")) == "upstream_timeout"
    assert len(fake.requests) == 1


def test_a_client_is_made_once_even_by_many_threads(fake):
    aws._make_client.cache_clear()
    made = []
    threads = [threading.Thread(target=lambda: made.append(aws.client("lambda", 6))) for _ in range(8)]
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
    assert endpoint.describe(aws.client("sagemaker-runtime", 7), "x").version == "test-1"


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
