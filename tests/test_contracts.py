"""docs/contracts.md against the code: every JSON example parses, and has the code's form."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from chalice.app import Request

from birdapp.chalicelib import (
    deadline,
    decode,
    endpoint_client,
    errors,
    request,
    response,
    spectrogram_client,
)
from birdapp.chalicelib.errors import ServiceError
from birdapp.chalicelib.model import parse_model
from birdapp.chalicelib.version import API_VERSION
from spectrogram_fn import handler, spectrogram

TEXT = (Path(__file__).parent.parent / "docs" / "contracts.md").read_text(encoding="utf-8")
# How the examples shorten JSON: alternatives, "and so on", arrays by their shape, field names.
SHORTHAND = [
    (r'("\w+")(?: \| "\w+")+', r"\1"),
    (r",\s*\.\.\.", ""),
    (r"\[\.\.\.\]", "[]"),
    (r"\{\.\.\.\}", "{}"),
    (r"\[n\]\[k\]", "[[0.5]]"),
    (r"\[[nk]\]", '["x"]'),
    (r'\{("\w+"), ("\w+")\}', r'{\1: "", \2: ""}'),
]


def examples():
    """Every indented block, perhaps below a status, and inline code that begins like an object."""
    indented = "\n".join(line if line.startswith("    ") else "" for line in TEXT.splitlines())
    blocks = [block.strip().removeprefix("200").strip() for block in indented.split("\n\n")]
    return [block for block in blocks if block.startswith("{")] + re.findall(r'`(\{".*?)`', TEXT)


def parse(example):
    for pattern, plain in SHORTHAND:
        example = re.sub(pattern, plain, example)
    return json.loads(example)


PARSED = [parse(example) for example in examples()]


def example_with(*fields):
    """The smallest example with these fields at its top."""
    return min((example for example in PARSED if set(fields) <= set(example)), key=len)


def form(value):
    """A value's form: names of fields, lists by their first item, all else by its kind."""
    if isinstance(value, dict):
        return {name: form(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [form(value[0])] if value else []
    return (
        "number"
        if isinstance(value, int | float) and not isinstance(value, bool)
        else type(value).__name__
    )


def test_every_example_was_found_and_parsed():
    assert len(PARSED) == TEXT.count('\n    {"') + TEXT.count("\n    {\n") + TEXT.count('`{"')
    assert len(PARSED) >= 12


@pytest.fixture(scope="module")
def found():
    """The spectrogram function's real answer to a second of sound, and its event."""
    pcm = (np.sin(np.arange(spectrogram.SAMPLE_RATE) / 5) * 9_000).astype("<i2").tobytes()
    event = spectrogram_client.event(pcm, decode.SAMPLE_RATE, "id")
    return event, handler.handler(event, None)


def test_the_spectrogram_event_has_the_documented_form(found):
    event, answered = found
    assert event.keys() == example_with("pcm").keys()
    assert event["sample_rate"] == example_with("pcm")["sample_rate"]
    assert form(answered) == form(example_with("shape", "windows"))
    assert answered["shape"] == example_with("shape", "windows")["shape"]


def test_a_spectrogram_travels_in_the_documented_number_of_bytes(found):
    sent = len(base64.b64decode(found[1]["windows"][0]["spectrogram"]))
    assert f"base64 of {sent:,} bytes" in TEXT


def documented_model():
    settings = json.dumps(example_with("thresholds") | example_with("independent"))
    labels, names = ["Turdus merula", "Turdus philomelos"], ["Common Blackbird", "Song Thrush"]
    return parse_model({"labels": labels, "names": names, "settings": settings})


def test_the_documented_settings_are_accepted():
    model = documented_model()
    assert (model.rule.exponent, model.rule.species_per_window) == (4, 20)


def test_the_answer_has_the_documented_form(found):
    windows = spectrogram_client._parse(found[1])
    prediction = endpoint_client.Prediction(documented_model(), [[0.93, 0.21]], [0.9], [0.04])
    built = {**response.build_answer(windows, prediction, 5), "request_id": "id"}
    documented = example_with("verdict", "windows")
    assert {**form(built), "pooling": {}} == {
        **form(documented),
        "windows": form(built["windows"]),
        "pooling": {},
    }
    assert form(built["windows"][0]) == {
        **form(documented["windows"][0]),
        "species": form(built["species"]),
    }


def test_the_species_have_the_documented_form():
    assert form(response.list_species(documented_model())) == form(example_with("model", "species"))


def test_the_version_of_the_api_is_the_documented_one():
    assert example_with("api_version")["api_version"] == API_VERSION


def test_the_request_example_is_taken():
    example = {**example_with("data"), "data": base64.b64encode(b"a bird").decode()}
    event = {"headers": {"Content-Type": "application/json"}, "body": json.dumps(example)}
    event |= {
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
    }
    asked = Request(
        {**event, "requestContext": {"httpMethod": "POST", "resourcePath": "/classify"}}
    )
    assert request.parse_classify(asked) == request.ClassifyRequest(b"a bird", request.DEFAULT_TOP)


def test_an_error_has_the_documented_form():
    assert form(ServiceError("audio_too_long").body("id")) == form(example_with("error"))


def documented_statuses():
    """The table of errors as {code: status}."""
    table = {}
    for statuses, codes in re.findall(r"^\| (\d{3}(?: / \d{3})*) \| (.*) \|$", TEXT, re.M):
        names = re.findall(r"`([a-z_0-9]+)`", codes)
        numbers = [int(status) for status in statuses.split(" / ")]
        table |= dict(
            zip(names, numbers if len(numbers) > 1 else numbers * len(names), strict=True)
        )
    return table


def test_every_error_is_documented_with_its_status_and_has_words():
    assert documented_statuses() == errors.STATUSES
    assert errors.MESSAGES.keys() == errors.STATUSES.keys()
    assert errors.RETRY_AFTER_SECONDS.keys() == {"rate_limited", "upstream_unavailable"}


def test_the_limits_are_the_documented_ones():
    limits = (
        f"decode {decode.DECODE_SECONDS:g} s, "
        f"spectrogram {spectrogram_client.SPECTROGRAM_SECONDS} s, "
        f"endpoint {endpoint_client.ENDPOINT_SECONDS} s"
    )
    assert limits in TEXT
    assert f"One deadline of {deadline.REQUEST_SECONDS:g} s" in TEXT
    assert f"At most {request.MAX_AUDIO_BYTES // 2**20} MiB before base64" in TEXT
    assert f"({decode.MAX_SECONDS} s decoded" in TEXT
    assert f"`audio_too_short` (< {decode.MIN_SECONDS} s)" in TEXT
    assert f"1 to {request.MAX_TOP}, {request.DEFAULT_TOP} by default" in TEXT
    assert f"below {spectrogram.SILENCE_DBFS:g} dBFS" in TEXT
