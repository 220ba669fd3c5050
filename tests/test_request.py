"""Requests that POST /classify refuses, and the last ones that it takes."""

import base64
import json

import pytest
import sounds
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lambda_fixtures import JSON_TYPE, body_of, error_of, tone_wav

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
    "a constant": (body_of(sounds.make_wav(b"\0\x10" * sounds.SAMPLE_RATE)), "silent_audio"),
    **{
        f"top {top}": (f'{{"data": "{AUDIO}", "top": {top}}}', "invalid_field")
        for top in ["0", "21", "-1", "5.0", "1e1", '"5"', "null", "true", "[5]"]
    },
}


@pytest.mark.parametrize(("body", "code"), WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
def test_a_wrong_body_is_refused(body, code, send, fake):
    assert error_of(send("classify", body=body, headers=JSON_TYPE)) == (STATUSES[code], code)
    assert "endpoint" not in [service for service, _, _ in fake.requests]


def test_exactly_4_mib_are_not_too_large(send):
    audio = b"Turdus merula".ljust(4 * 1024 * 1024)
    assert error_of(send("classify", body=body_of(audio))) == (415, "unsupported_audio")
    assert error_of(send("classify", body=body_of(audio + b" "))) == (413, "payload_too_large")


def test_bytes_that_are_no_utf_8_are_refused(send):
    body = base64.b64encode(b'{"data": "\xff"}').decode()
    assert error_of(send("classify", body=body, isBase64Encoded=True)) == (400, "bad_request_body")


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
    assert status == 200 or error_of(answer) == (415, "unsupported_media_type")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["data", "top"]) | st.text(), inner)
    ),
    max_leaves=5,
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(json_values.map(json.dumps) | st.text())
@example('{"data": "UklGRg==", "top": 1}')
def test_no_body_at_all_brings_the_edge_down(send, body):
    status, code = error_of(send("classify", body=body))
    assert STATUSES[code] == status
