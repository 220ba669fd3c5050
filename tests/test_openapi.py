"""docs/openapi.yaml against the app and the contract; then hundreds of odd requests."""

import json

import numpy as np
import pytest
import schemathesis
import sounds
import yaml
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from local_app import ask
from schemathesis.specs.openapi.checks import positive_data_acceptance
from test_contracts import example_with

from birdapp.chalicelib import errors, request
from birdapp.chalicelib.version import API_VERSION
from loadtests.app import REPOSITORY

API = yaml.safe_load((REPOSITORY / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
# Both operations together: a few hundred requests, the same ones each time.
CASES = 150


def check(name, value):
    """Raise ValidationError where a value is not of a schema."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": API["components"]}
    Draft202012Validator(schema).validate(value)


def test_the_routes_are_those_of_the_app(main_lambda):
    described = {(path, method.upper()) for path, item in API["paths"].items() for method in item}
    assert described == {("/classify", "POST"), ("/species", "GET")}
    assert set(main_lambda.routes) == set(API["paths"])


def test_the_version_is_that_of_the_app():
    assert API["info"]["version"] == API_VERSION


def test_the_errors_are_those_of_the_app():
    error = API["components"]["schemas"]["Error"]["properties"]["error"]["properties"]
    assert error["code"]["enum"] == list(errors.STATUSES)
    described = API["paths"]["/classify"]["post"]["responses"].keys() - {"200", "default"}
    # The gateway's own answers to paths and methods that are not described.
    assert described == {str(status) for status in errors.STATUSES.values()} - {"404", "405"}
    again = {
        status
        for status, answer in API["paths"]["/classify"]["post"]["responses"].items()
        if answer.get("$ref", "").endswith("TryAgain")
    }
    assert again == {str(errors.STATUSES[code]) for code in errors.RETRY_AFTER_SECONDS}


def test_the_limits_are_those_of_the_app():
    top = API["components"]["schemas"]["Request"]["properties"]["top"]
    assert (top["maximum"], top["default"]) == (request.MAX_TOP, request.DEFAULT_TOP)


def test_the_examples_of_the_contract_are_of_the_schemas():
    check("Request", example_with("data"))
    check("Error", example_with("error"))
    check("SpeciesList", {**example_with("api_version"), "species": [example_species()]})
    with pytest.raises(ValidationError):
        check("Error", {"error": {"code": "audio_too_long"}})


def example_species():
    return {"name": "Common Blackbird", "scientific_name": "Turdus merula"}


@pytest.mark.parametrize(
    ("schema_name", "fields"),
    [("Answer", ["verdict", "windows"]), ("SpeciesList", ["api_version"]), ("Request", ["data"])],
)
def test_the_schemas_have_the_fields_of_the_contracts_examples(schema_name, fields):
    assert API["components"]["schemas"][schema_name]["properties"].keys() == (
        example_with(*fields).keys()
    )


def test_answers_of_the_app_are_of_the_schemas(app):
    tone = 0.4 * np.sin(np.arange(6 * sounds.SAMPLE_RATE) / 5)
    status, answer = app.classify(sounds.make_wav(sounds.pcm16(tone)), top=3)
    assert status == 200
    check("Answer", answer)
    check("SpeciesList", json.loads(ask(app.api_url, "GET", "/species")[2]))
    check("Error", app.classify(b"no sound")[1])


@pytest.fixture(scope="module")
def api_schema(app):
    config = schemathesis.Config.from_dict({"seed": 20_261_126})
    loaded = schemathesis.openapi.from_dict(API, config=config)
    loaded.config.update(base_url=app.api_url)
    return loaded


schema = schemathesis.pytest.from_fixture("api_schema")


@schema.parametrize()
@settings(
    max_examples=CASES,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_an_odd_request_gets_an_answer_of_the_contract(case):
    # No schema can say which texts are recordings.
    response = case.call_and_validate(excluded_checks=[positive_data_acceptance])
    assert response.status_code < 500
