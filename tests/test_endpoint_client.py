"""The endpoint client over a real socket: what it sends, and which answers it takes."""

import json
from urllib.parse import unquote

import fake_aws
import pytest
from lambda_fixtures import IMAGE, upstream_code

from birdapp.chalicelib import aws, endpoint_client


def test_all_windows_travel_to_the_endpoint_in_the_columnar_form(fake, predict):
    prediction = predict()
    [(_, path, body)] = fake.requests
    assert path == "/endpoints/bird-classifier/invocations"
    assert json.loads(body) == {"inputs": {"spectrogram": [{"b64": IMAGE}, {"b64": IMAGE}]}}
    assert prediction.probabilities == [fake.row, fake.row]
    assert (prediction.birds, prediction.model.version) == ([0.95, 0.95], "test-1")


def test_describe_uses_its_own_signature(fake, describe):
    assert describe().names == ["Common Blackbird", "Great Tit", "Tawny Owl"]
    assert json.loads(fake.requests[0][2]) == {
        "signature_name": "describe",
        "inputs": {"ask": [""]},
    }


@pytest.fixture
def function(fake):
    """A Lambda's client in the place of SageMaker's."""
    return endpoint_client.FunctionRuntime(aws.client("lambda", 7))


def test_a_lambda_in_the_endpoints_place_gets_the_same_body(fake, function, predict):
    predict()
    answer = endpoint_client.predict(function, "bird-classifier:live", [IMAGE, IMAGE])
    (_, _, asked), (_, path, body) = fake.requests
    assert body == asked
    assert unquote(path) == "/2015-03-31/functions/bird-classifier:live/invocations"
    assert answer.probabilities == [fake.row, fake.row]
    assert endpoint_client.describe(function, "bird-classifier:live").version == "test-1"


def test_a_lambda_in_the_endpoints_place_that_fails_is_an_upstream_error(fake, function):
    failed = {"X-Amz-Function-Error": "Unhandled"}
    fake.reply["endpoint"] = (200, failed, '{"errorMessage": "the network is broken"}')
    assert upstream_code(lambda: endpoint_client.describe(function, "x")) == "upstream_error"


def test_the_main_lambda_asks_the_lambda_that_its_settings_name(fake, send, monkeypatch):
    monkeypatch.setenv("CLASSIFIER_FUNCTION", "bird-classifier:live")
    assert send("classify")[0] == send("species")[0] == 200
    asked = [path for service, path, _ in fake.requests if service == "endpoint"]
    assert len(asked) == 2
    assert all("/functions/bird-classifier" in path for path in asked)


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
    "another is a number": {"another": 0.5},
    "another below zero": {"another": [-0.1, 0.5]},
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
    "calibration stands still": {
        "settings": pooling_with(calibration=[[0, 0], [0.5, 0.2], [0.5, 0.4], [1, 1]])
    },
    "calibration falls": {
        "settings": pooling_with(calibration=[[0, 0], [0.5, 0.5], [0.6, 0.4], [1, 1]])
    },
    "a calibration point is a number": {"settings": pooling_with(calibration=[0, 1])},
}


@pytest.mark.parametrize("outputs", WRONG_OUTPUTS.values(), ids=WRONG_OUTPUTS.keys())
def test_an_endpoint_answer_out_of_the_contract_is_invalid(outputs, fake, predict):
    fake.outputs = outputs
    assert upstream_code(predict) == "upstream_invalid"


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
    assert upstream_code(predict) == "upstream_invalid"
