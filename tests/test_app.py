"""The main Lambda as API Gateway calls it: raw proxy events, both AWS hops over real sockets."""

import json
import subprocess
import sys

import fake_aws
import numpy as np
import pytest
import sounds
from lambda_fixtures import BIRDAPP, body_of, error_of, tone_wav

from birdapp.chalicelib.version import API_VERSION


def test_a_recording_is_answered_in_the_contracts_form(send):
    status, headers, body = send("classify", body=body_of(tone_wav(12.0), top=2))
    assert status == 200
    assert set(body) == {
        "verdict",
        "birds",
        "candidates",
        "species",
        "windows",
        "audio_seconds",
        "model",
        "pooling",
        "request_id",
    }
    assert body["species"][0] == {
        "name": "Common Blackbird",
        "scientific_name": "Turdus merula",
        "probability": 0.9,
    }
    assert [(one["start_seconds"], one["end_seconds"]) for one in body["windows"]] == [
        (0, 5),
        (5, 10),
        (10, 12),
    ]
    assert {len(one["species"]) for one in [body, *body["windows"]]} == {2}
    assert (body["verdict"], body["audio_seconds"], body["model"]) == ("bird", 12.0, "test-1")
    assert (body["pooling"], headers["access-control-allow-origin"]) == (
        fake_aws.SETTINGS["pooling"],
        "*",
    )


@pytest.mark.parametrize("name", ["classify", "classify_binary"])
def test_the_gateways_raw_event_is_answered_under_its_request_id(name, send):
    status, _, body = send(name)
    assert (status, body["request_id"]) == (200, "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")


def test_the_request_id_travels_to_the_spectrogram_function(send, fake):
    send("classify")
    assert json.loads(fake.requests[0][2])["request_id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


IMPORT = """
import boto3, sys
made = []
boto3.Session.client = lambda _session, service, **_options: made.append(service)
sys.path.insert(0, "birdapp")
import app
print(*sorted(made))
"""


def test_lambda_makes_both_clients_before_the_first_request():
    command = [sys.executable, "-c", IMPORT]
    done = subprocess.run(command, cwd=BIRDAPP.parent, capture_output=True, text=True, check=True)
    assert done.stdout == "lambda sagemaker-runtime\n"


def test_the_same_bytes_get_the_same_answer(send):
    assert send("classify")[2] == send("classify")[2]


def test_species_are_those_of_the_model_that_is_deployed_now(send, fake):
    before = send("species")[2]
    fake.outputs = {"labels": ["Alcedo atthis"], "names": ["Kingfisher"]}
    after = send("species")[2]
    assert len(before["species"]) == 3
    assert after == {
        "api_version": API_VERSION,
        "model": "test-1",
        "species": [{"name": "Kingfisher", "scientific_name": "Alcedo atthis"}],
    }


def test_another_model_changes_the_answer_with_no_change_elsewhere(send, fake):
    rows = {"probabilities": [[0.8]], "bird": [0.9]}
    fake.outputs = {"labels": ["Alcedo atthis"], "names": ["Kingfisher"], **rows}
    assert send("classify")[2]["species"][0]["name"] == "Kingfisher"


def test_silence_in_a_longer_recording_is_no_bird(send):
    sound = np.concatenate(
        [np.zeros(5 * sounds.SAMPLE_RATE), 0.5 * np.sin(np.arange(5 * sounds.SAMPLE_RATE) / 5)]
    )
    body = send("classify", body=body_of(sounds.make_wav(sounds.pcm16(sound))))[2]
    assert [one["verdict"] for one in body["windows"]] == ["no_bird", "bird"]
    assert body["verdict"] == "bird"


def test_a_preflight_is_allowed_without_waking_anything(send, fake):
    status, headers, body = send("classify_preflight")
    assert (status, body, fake.requests) == (200, None, [])
    assert headers["access-control-allow-origin"] == "*"
    assert "POST" in headers["access-control-allow-methods"]
    assert headers["access-control-allow-headers"] == "Content-Type"


def test_a_wrong_method_is_named_with_the_right_one(send):
    answer = send("classify_wrong_method")
    assert error_of(answer) == (405, "method_not_allowed")
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


UPSTREAM = [
    ("lambda", (500, {}, "{}"), 502, "upstream_error"),
    ("lambda", (200, {}, "[]"), 502, "upstream_invalid"),
    (
        "lambda",
        (429, {"x-amzn-ErrorType": "TooManyRequestsException"}, "{}"),
        503,
        "upstream_unavailable",
    ),
    ("endpoint", (424, {"x-amzn-ErrorType": "ModelError"}, "{}"), 502, "upstream_error"),
    ("endpoint", (200, {}, '{"outputs": {"probabilities": [[NaN]]}}'), 502, "upstream_invalid"),
    (
        "endpoint",
        (503, {"x-amzn-ErrorType": "ServiceUnavailable"}, "{}"),
        503,
        "upstream_unavailable",
    ),
]


@pytest.mark.parametrize(("service", "reply", "status", "code"), UPSTREAM)
def test_a_failed_hop_is_answered_without_anything_of_the_inside(
    service, reply, status, code, send, fake
):
    fake.reply[service] = reply
    answer = send("classify")
    assert error_of(answer) == (status, code)
    assert ("retry-after" in answer[1]) == (status == 503)
    message = answer[2]["error"]["message"].lower()
    assert not any(
        word in message for word in ["lambda", "sagemaker", "endpoint", "nan", "boto", "model"]
    )


def test_a_hop_that_passes_the_deadline_is_a_timeout(send, fake, monkeypatch):
    monkeypatch.setattr(sys.modules["chalicelib.service"], "ENDPOINT_SECONDS", 0.2)
    fake.delays["endpoint"] = 1.0
    assert error_of(send("species")) == (504, "upstream_timeout")


def test_a_bug_is_internal_and_only_the_log_knows_more(send, monkeypatch, capsys):
    monkeypatch.delenv("ENDPOINT_NAME")
    answer = send("species")
    assert error_of(answer) == (500, "internal")
    assert "ENDPOINT_NAME" not in json.dumps(answer)
    assert "KeyError: 'ENDPOINT_NAME'" in json.loads(capsys.readouterr().out)["detail"]


def test_the_log_is_one_line_of_json_with_the_stages_and_no_audio(send, capsys):
    _, headers, body = send("classify")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    stages = {"decode_ms", "spectrogram_ms", "endpoint_ms", "total_ms"}
    assert set(line) == {"event", "request_id", "status", "method", "path", *stages}
    assert (line["request_id"], line["status"]) == (body["request_id"], 200)
    assert line["total_ms"] >= line["decode_ms"] + line["spectrogram_ms"] + line["endpoint_ms"] > 0
    named = {
        part.split(";dur=")[0] + "_ms": float(part.split("=")[1])
        for part in headers["server-timing"].split(", ")
    }
    assert named == {stage: line[stage] for stage in stages}
