"""The main Lambda as API Gateway calls it: raw proxy events in, HTTP answers out, both AWS hops over real sockets."""

import base64
import contextlib
import importlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import fake_aws
import numpy as np
import pytest
import sounds
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

BIRDAPP = Path(__file__).parent.parent / "birdapp"
EVENTS = Path(__file__).parent / "events"
RATE = sounds.SAMPLE_RATE
NAMES = {"SPECTROGRAM_FUNCTION": "bird-spectrogram", "ENDPOINT_NAME": "bird-classifier"}
STATUSES = {
    "bad_request_body": 400,
    "missing_field": 400,
    "invalid_field": 400,
    "invalid_base64": 400,
    "empty_audio": 400,
    "method_not_allowed": 405,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "unsupported_audio": 415,
    "undecodable_audio": 422,
    "audio_too_short": 422,
    "audio_too_long": 422,
    "silent_audio": 422,
}


@pytest.fixture(scope="module")
def services():
    with fake_aws.running_fake_aws() as (fake, environment), pytest.MonkeyPatch.context() as patch:
        for name, value in {**environment, **NAMES, "FFMPEG_BINARY": sounds.FFMPEG}.items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(BIRDAPP))
        yield fake, importlib.import_module("app").app
        sys.modules["chalicelib.aws"]._make_client.cache_clear()


@pytest.fixture
def fake(services):
    services[0].__init__()
    return services[0]


@pytest.fixture
def send(services, fake):
    """Send an event through the Lambda: send("classify", body=...) -> (status, headers, parsed body)."""

    def call(name, **changes):
        event = {**json.loads((EVENTS / f"{name}.json").read_text()), **changes}
        answer = services[1](event, None)
        assert isinstance(answer["body"], str)
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        return answer["statusCode"], headers, json.loads(answer["body"] or "null")

    return call


def body_of(audio, **fields):
    return json.dumps({"data": base64.b64encode(audio).decode(), **fields})


def tone_wav(seconds=5.0, amplitude=0.5):
    return sounds.make_wav(sounds.pcm16(amplitude * np.sin(np.arange(round(RATE * seconds)) / 5)))


def code_of(answer):
    """The error code, after checking the form that all errors have."""
    status, headers, body = answer
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "request_id"}
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-type"] == "application/json"
    return status, body["error"]["code"]


def test_a_recording_is_answered_in_the_contracts_form(send):
    status, headers, body = send("classify", body=body_of(tone_wav(12.0), top=2))
    assert status == 200
    assert set(body) == {"verdict", "species", "windows", "audio_seconds", "model", "pooling", "request_id"}
    assert body["species"][0] == {
        "name": "Common Blackbird",
        "scientific_name": "Turdus merula",
        "probability": 0.9,
    }
    assert [(one["start_seconds"], one["end_seconds"]) for one in body["windows"]] == [(0, 5), (5, 10), (10, 12)]
    assert {len(one["species"]) for one in [body, *body["windows"]]} == {2}
    assert (body["verdict"], body["audio_seconds"], body["model"]) == ("bird", 12.0, "test-1")
    assert (body["pooling"], headers["access-control-allow-origin"]) == (fake_aws.SETTINGS["pooling"], "*")


@pytest.mark.parametrize("name", ["classify", "classify_binary"])
def test_the_gateways_raw_event_is_answered_under_its_request_id(name, send):
    status, _, body = send(name)
    assert (status, body["request_id"]) == (200, "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")


def test_the_request_id_travels_to_the_spectrogram_function(send, fake):
    send("classify")
    assert json.loads(fake.requests[0][2])["request_id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def test_the_same_bytes_get_the_same_answer(send):
    assert send("classify")[2] == send("classify")[2]


def test_species_are_those_of_the_model_that_is_deployed_now(send, fake):
    before = send("species")[2]
    fake.outputs = {"labels": ["Alcedo atthis"], "names": ["Kingfisher"]}
    after = send("species")[2]
    assert len(before["species"]) == 3
    assert after == {"model": "test-1", "species": [{"name": "Kingfisher", "scientific_name": "Alcedo atthis"}]}


def test_another_model_changes_the_answer_with_no_change_elsewhere(send, fake):
    rows = {"probabilities": [[0.8]], "bird": [0.9]}
    fake.outputs = {"labels": ["Alcedo atthis"], "names": ["Kingfisher"], **rows}
    assert send("classify")[2]["species"][0]["name"] == "Kingfisher"


def test_a_preflight_is_allowed_without_waking_anything(send, fake):
    status, headers, body = send("classify_preflight")
    assert (status, body, fake.requests) == (200, None, [])
    assert headers["access-control-allow-origin"] == "*"
    assert "POST" in headers["access-control-allow-methods"]
    assert headers["access-control-allow-headers"] == "Content-Type"


def test_a_wrong_method_is_named_with_the_right_one(send):
    answer = send("classify_wrong_method")
    assert code_of(answer) == (405, "method_not_allowed")
    assert answer[1]["allow"] == "POST, OPTIONS"


def test_head_has_no_body(send):
    status, _, body = send("species_head")
    assert (status, body) == (405, None)


@pytest.mark.parametrize(
    ("setting", "origin", "allowed"),
    [
        ("*", "https://anyone.example", "*"),
        ("https://birds.example, https://b.example", "https://b.example", "https://b.example"),
        ("https://birds.example", "https://evil.example", None),
        ("https://birds.example", None, None),
    ],
)
def test_origins_are_a_setting(setting, origin, allowed, send, monkeypatch):
    monkeypatch.setenv("CORS_ORIGINS", setting)
    _, headers, _ = send("species", headers={"Origin": origin} if origin else {})
    assert headers.get("access-control-allow-origin") == allowed
    assert ("vary" in headers) == (setting != "*")


JSON_TYPE = {"Content-Type": "application/json"}
AUDIO = base64.b64encode(tone_wav(0.5)).decode()
WRONG_BODIES = {
    "nothing": (None, "bad_request_body"),
    "empty": ("", "bad_request_body"),
    "no JSON": ("data=1", "bad_request_body"),
    "a list": ("[]", "bad_request_body"),
    "null": ("null", "bad_request_body"),
    "a text": ('"data"', "bad_request_body"),
    "a hundred thousand brackets": ("[" * 100_000, "bad_request_body"),
    "a hundred thousand objects": ('{"a":' * 100_000, "bad_request_body"),
    "a number of 5,000 digits": ('{"top": ' + "9" * 5_000 + "}", "bad_request_body"),
    "NaN": ('{"data": NaN}', "bad_request_body"),
    "data twice": ('{"data": "", "data": ""}', "bad_request_body"),
    "a byte order mark": ("\ufeff{}", "bad_request_body"),
    "half a surrogate pair": ("\ud800", "bad_request_body"),
    "more behind": ('{"data": ""} {}', "bad_request_body"),
    "no data": ("{}", "missing_field"),
    "data in another case": ('{"Data": ""}', "missing_field"),
    "data is null": ('{"data": null}', "invalid_field"),
    "data is a number": ('{"data": 1}', "invalid_field"),
    "data is a list": ('{"data": ["UklGRg=="]}', "invalid_field"),
    "data is empty": ('{"data": ""}', "empty_audio"),
    "not base64": ('{"data": "a bird"}', "invalid_base64"),
    "not ASCII": ('{"data": "Käuzchen"}', "invalid_base64"),
    "a surrogate in data": ('{"data": "\\ud800AAA"}', "invalid_base64"),
    "a line break": ('{"data": "QUJD\\nQUJD"}', "invalid_base64"),
    "one padding too many": ('{"data": "QUJD="}', "invalid_base64"),
    "bits in the padding": ('{"data": "QR=="}', "invalid_base64"),
    "no padding": ('{"data": "QQ"}', "invalid_base64"),
    "only padding": ('{"data": "===="}', "invalid_base64"),
    "URL-safe base64": ('{"data": "_-_-"}', "invalid_base64"),
    "a data URL": ('{"data": "data:audio/wav;base64,QUJD"}', "invalid_base64"),
    "over 4 MiB": (json.dumps({"data": "A" * 5_592_408}), "payload_too_large"),
    "no audio": (body_of(b"Turdus merula"), "unsupported_audio"),
    "a header and no sound": (body_of(b"RIFF\0\0\0\0WAVE"), "undecodable_audio"),
    "under half a second": (body_of(tone_wav(0.4)), "audio_too_short"),
    "over a minute": (body_of(tone_wav(61)), "audio_too_long"),
    "silence": (body_of(tone_wav(6.0, 0.0)), "silent_audio"),
    "a constant": (body_of(sounds.make_wav(b"\0\x10" * RATE)), "silent_audio"),
    **{
        f"top {top}": (f'{{"data": "{AUDIO}", "top": {top}}}', "invalid_field")
        for top in ["0", "21", "-1", "5.0", "1e1", '"5"', "null", "true", "[5]"]
    },
}


@pytest.mark.parametrize(("body", "code"), WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
def test_a_wrong_body_is_refused(body, code, send, fake):
    assert code_of(send("classify", body=body, headers=JSON_TYPE)) == (STATUSES[code], code)
    assert "endpoint" not in [service for service, _, _ in fake.requests]


def test_exactly_4_mib_are_not_too_large(send):
    audio = b"Turdus merula".ljust(4 * 1024 * 1024)
    assert code_of(send("classify", body=body_of(audio))) == (415, "unsupported_audio")
    assert code_of(send("classify", body=body_of(audio + b" "))) == (413, "payload_too_large")


def test_bytes_that_are_no_utf_8_are_refused(send):
    body = base64.b64encode(b'{"data": "\xff"}').decode()
    assert code_of(send("classify", body=body, isBase64Encoded=True)) == (400, "bad_request_body")


@pytest.mark.parametrize("top", [1, 20])
def test_top_may_be_from_1_to_20(top, send):
    assert len(send("classify", body=body_of(tone_wav(), top=top))[2]["species"]) == min(top, 3)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 200),
        ({"content-type": 'Application/JSON; charset="UTF-8"'}, 200),
        ({**JSON_TYPE, "Content-Encoding": "identity"}, 200),
        ({}, 415),
        (None, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "text/plain;charset=UTF-8"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/jsonp"}, 415),
        ({"Content-Type": "application/json; charset=utf-16"}, 415),
        ({**JSON_TYPE, "Content-Encoding": "gzip"}, 415),
        ({**JSON_TYPE, "content-encoding": "br"}, 415),
    ],
)
def test_only_uncompressed_json_is_taken(headers, status, send):
    answer = send("classify", headers=headers)
    assert answer[0] == status
    assert status == 200 or code_of(answer) == (415, "unsupported_media_type")


UPSTREAM = [
    ("lambda", (500, {}, "{}"), 502, "upstream_error"),
    ("lambda", (200, {}, "[]"), 502, "upstream_invalid"),
    ("lambda", (429, {"x-amzn-ErrorType": "TooManyRequestsException"}, "{}"), 503, "upstream_unavailable"),
    ("endpoint", (424, {"x-amzn-ErrorType": "ModelError"}, "{}"), 502, "upstream_error"),
    ("endpoint", (200, {}, '{"outputs": {"probabilities": [[NaN]]}}'), 502, "upstream_invalid"),
    ("endpoint", (503, {"x-amzn-ErrorType": "ServiceUnavailable"}, "{}"), 503, "upstream_unavailable"),
]


@pytest.mark.parametrize(("service", "reply", "status", "code"), UPSTREAM)
def test_a_failed_hop_is_answered_without_anything_of_the_inside(service, reply, status, code, send, fake):
    fake.reply[service] = reply
    answer = send("classify")
    assert code_of(answer) == (status, code)
    assert ("retry-after" in answer[1]) == (status == 503)
    message = answer[2]["error"]["message"].lower()
    assert not any(word in message for word in ["lambda", "sagemaker", "endpoint", "nan", "boto", "model"])


def test_a_hop_that_passes_the_deadline_is_a_timeout(send, fake, monkeypatch):
    monkeypatch.setattr(sys.modules["chalicelib.service"], "ENDPOINT_SECONDS", 0.2)
    fake.delays["endpoint"] = 1.0
    assert code_of(send("species")) == (504, "upstream_timeout")


def test_a_bug_is_internal_and_only_the_log_knows_more(send, monkeypatch, capsys):
    monkeypatch.delenv("ENDPOINT_NAME")
    answer = send("species")
    assert code_of(answer) == (500, "internal")
    assert "ENDPOINT_NAME" not in json.dumps(answer)
    assert "KeyError: 'ENDPOINT_NAME'" in json.loads(capsys.readouterr().out)["detail"]


def test_silence_in_a_longer_recording_is_no_bird(send):
    sound = np.concatenate([np.zeros(5 * RATE), 0.5 * np.sin(np.arange(5 * RATE) / 5)])
    body = send("classify", body=body_of(sounds.make_wav(sounds.pcm16(sound))))[2]
    assert [one["verdict"] for one in body["windows"]] == ["no_bird", "bird"]
    assert body["verdict"] == "bird"


def test_the_log_is_one_line_of_json_with_the_stages_and_no_audio(send, capsys):
    _, headers, body = send("classify")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    stages = {"decode_ms", "spectrogram_ms", "endpoint_ms", "total_ms"}
    assert set(line) == {"event", "request_id", "status", "method", "path", *stages}
    assert (line["request_id"], line["status"]) == (body["request_id"], 200)
    assert line["total_ms"] >= line["decode_ms"] + line["spectrogram_ms"] + line["endpoint_ms"] > 0
    named = {part.split(";dur=")[0] + "_ms": float(part.split("=")[1]) for part in headers["server-timing"].split(", ")}
    assert named == {stage: line[stage] for stage in stages}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["data", "top"]) | st.text(), inner),
    max_leaves=5,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_values.map(json.dumps) | st.text())
@example('{"data": "UklGRg==", "top": 1}')
def test_no_body_at_all_brings_the_edge_down(send, body):
    status, code = code_of(send("classify", body=body))
    assert STATUSES[code] == status


IMPORT_ALONE = """
import socket, threading
def refuse(*_): raise AssertionError("importing must not touch the network")
socket.socket.connect = socket.getaddrinfo = refuse
import app
print(sorted(app.app.routes), threading.active_count())
"""


def test_importing_the_app_needs_no_environment_and_no_network():
    environment = {"PATH": "", "PYTHONPATH": str(BIRDAPP)}
    command = [sys.executable, "-W", "error", "-c", IMPORT_ALONE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['/classify', '/species'] 1\n", "")


def test_every_route_declares_every_method(services):
    methods = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
    assert {path: set(routes) for path, routes in services[1].routes.items()} == {
        "/classify": methods,
        "/species": methods,
    }


@pytest.fixture
def chalice_local(services):
    """`chalice local` with nothing of AWS but the two endpoint variables; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    keep = ("AWS_ENDPOINT_URL_", "FFMPEG_BINARY", "PATH", "HOME")
    environment = {name: value for name, value in os.environ.items() if name.startswith(keep)}
    command = [Path(sys.executable).with_name("chalice"), "local", "--no-autoreload", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=BIRDAPP, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def wait_for(port):
    for _ in range(600):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {port}")


def test_chalice_local_answers_alone(chalice_local, fake):
    request = Request(f"{chalice_local}/classify", body_of(tone_wav()).encode(), JSON_TYPE)
    with urlopen(request, timeout=60) as answer:
        body = json.load(answer)
    assert body["species"][0]["name"] == "Common Blackbird"
    assert [path for _, path, _ in fake.requests] == [
        "/2015-03-31/functions/bird-spectrogram/invocations",
        "/endpoints/bird-classifier/invocations",
    ]
