"""The whole app through real sockets: page, API under Chalice, spectrogram Lambda, endpoint."""

import gzip
import json
import socket
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from local_app import ask, running, wait_for
from page_browser import identify
from sounds import ENCODERS, encode
from tiny_model import BLACKBIRD, OWLS, constants, write_model, write_whole

from loadtests.app import classify_body
from local import readiness

pytest_plugins = ["page_fixtures"]

MIB = 2**20
GZIPPED = gzip.compress(b"{}", mtime=0)
TOO_LARGE = classify_body(b"\0" * (4 * MIB + 1))


@pytest.fixture(scope="module")
def recording(recordings):
    """A recording of a bird that is hard to take for another."""
    return min((recordings / "Corvus_corax").glob("*.ogg")).read_bytes()


@pytest.fixture(scope="module")
def answers(app, recording, tmp_path_factory):
    """The answer to one real recording in each format."""
    folder = tmp_path_factory.mktemp("formats")
    return {
        name: app.classify(encode(recording, options, folder)) for name, options in ENCODERS.items()
    }


@pytest.mark.parametrize("name", ENCODERS)
def test_every_format_of_one_recording_names_the_same_species_first(answers, name):
    status, answer = answers[name]
    assert status == 200
    assert answer["species"][0]["name"] == answers["wav"][1]["species"][0]["name"]


def test_an_answer_has_the_form_of_the_contract(answers):
    answer = answers["mp3"][1]
    assert set(answer) == {
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
    assert answer["windows"][0].keys() == {
        "start_seconds",
        "end_seconds",
        "verdict",
        "bird",
        "another",
        "species",
    }


def test_the_page_shows_the_name_that_the_api_gives(app, browser, recording):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(app.site_url)
        identify(page, {"name": "raven.ogg", "mimeType": "audio/ogg", "buffer": recording})
        assert page.inner_text("#bird-name") == app.classify(recording)[1]["species"][0]["name"]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("POST", "/classify", b"[", {}, 400, "bad_request_body"),
        ("POST", "/classify", b"{}", {}, 400, "missing_field"),
        ("POST", "/classify", b'\xff\xfe{"data": 1}', {}, 400, "bad_request_body"),
        ("POST", "/classify", b"{}", {"Transfer-Encoding": "gzip"}, 400, "bad_request_body"),
        ("GET", "/", None, {}, 404, "not_found"),
        ("POST", "/classify/more", b"{}", {}, 404, "not_found"),
        ("GET", "//%ff?a=%", None, {"Authorization": "ünknown".encode()}, 404, "not_found"),
        ("OPTIONS", "/nowhere", None, {}, 404, "not_found"),
        ("GET", "/classify", None, {}, 405, "method_not_allowed"),
        ("DELETE", "/species", None, {}, 405, "method_not_allowed"),
        ("BREW", "/classify", None, {}, 405, "method_not_allowed"),
        pytest.param(
            "POST",
            "/classify",
            b"x" * (10 * MIB + 1),
            {},
            413,
            "payload_too_large",
            id="over-the-gateway",
        ),
        pytest.param("POST", "/classify", TOO_LARGE, {}, 413, "payload_too_large", id="over-4-MiB"),
        ("POST", "/classify", GZIPPED, {"Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
    ],
)
def test_errors_carry_the_form_of_the_contract_and_cors(
    app, method, path, body, headers, status, code
):
    answered, received, text = ask(app.api_url, method, path, body, headers)
    assert (answered, received["Access-Control-Allow-Origin"]) == (status, "*")
    error = json.loads(text)["error"]
    assert (error["code"], bool(error["message"]), bool(error["request_id"])) == (code, True, True)


def test_a_preflight_allows_what_the_page_sends(app):
    headers = {"Origin": app.site_url, "Access-Control-Request-Method": "POST"}
    status, received, body = ask(app.api_url, "OPTIONS", "/classify", None, headers)
    assert (status, body, received["Access-Control-Allow-Origin"]) == (200, b"", "*")
    assert "POST" in received["Access-Control-Allow-Methods"]
    assert "Content-Type" in received["Access-Control-Allow-Headers"]


def test_a_head_is_answered_without_a_body_on_a_connection_that_lives_on(app):
    requests = (
        b"HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
        b"GET /species HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    first, _, second = speak(app.api_url, requests).partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 404")
    assert second.startswith(b"HTTP/1.1 200")


def test_a_body_in_chunks_is_read(app):
    body = classify_body(readiness.whistle())
    status, _, text = ask(app.api_url, "POST", "/classify", iter([body[:1_000], body[1_000:]]))
    assert (status, json.loads(text)["audio_seconds"]) == (200, 1.0)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST /classify HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"POST /classify HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        pytest.param(
            b"POST /classify HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5_000),
            b"400",
            id="a-length-of-5,000-digits",
        ),
        (
            b"POST /classify HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            b"400",
        ),
        (
            b"POST /classify HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            b"400",
        ),
        (
            b"POST /classify HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
            b"400",
        ),
        (b"POST /classify HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", b"413"),
        (
            b"POST /classify HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n",
            b"413",
        ),
    ],
)
def test_broken_http_is_refused_in_the_form_of_the_contract(app, request_bytes, status):
    answer = speak(app.api_url, request_bytes)
    assert answer.split(b" ")[1] == status
    assert b'{"error": {"code": ' in answer


def test_the_gateway_says_when_to_come_back(tiny_folder):
    with running(
        tiny_folder, RATE_PER_SECOND="0.01", BURST="2"
    ) as slow:  # The warm-up takes the first.
        assert ask(slow.api_url, "GET", "/species")[0] == 200
        status, headers, body = ask(slow.api_url, "GET", "/species")
    assert (status, json.loads(body)["error"]["code"]) == (429, "rate_limited")
    assert 1 <= int(headers["Retry-After"]) <= 100


@pytest.fixture(scope="module")
def changing(tmp_path_factory):
    """An app whose model folder is the tests' to change."""
    with running(write_model(tmp_path_factory.mktemp("changing"))) as local_app:
        yield local_app


def test_a_model_with_other_labels_changes_the_list_and_the_answers(changing):
    write_model(changing.model, OWLS, "owls")
    assert wait_for(lambda: species(changing)["model"] == "owls")
    assert {one["scientific_name"]: one["name"] for one in species(changing)["species"]} == OWLS
    status, answer = changing.classify(readiness.whistle())
    assert (status, answer["model"], {one["scientific_name"] for one in answer["species"]}) == (
        200,
        "owls",
        set(OWLS),
    )


def test_a_bad_model_is_refused_and_the_old_one_stays(changing):
    write_model(changing.model, BLACKBIRD, "good")
    assert wait_for(lambda: species(changing)["model"] == "good")
    write_whole(changing.model / "constants.json", json.dumps(constants(OWLS, "bad")).encode())
    assert wait_for(lambda: "model_refused" in changing.log.read_text())
    assert (species(changing)["model"], changing.classify(readiness.whistle())[0]) == ("good", 200)


def test_a_swap_under_load_fails_no_request(changing):
    with asking(changing) as answers:
        for version, labels in [("one", OWLS), ("two", BLACKBIRD), ("three", OWLS)]:
            write_model(changing.model, labels, version)
            assert wait_for(lambda expected=version: species(changing)["model"] == expected)
    assert {status for status, _ in answers} == {200}
    assert {"one", "two", "three"} <= {answer["model"] for _, answer in answers}


@contextmanager
def asking(app, clients=4):
    """Classify without a pause in some threads until the block ends; yield all answers."""
    answers, end = [], threading.Event()

    def ask_on():
        while not end.is_set():
            answers.append(app.classify(readiness.whistle()))

    threads = [threading.Thread(target=ask_on) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        end.set()
        for thread in threads:
            thread.join()


def species(app):
    return json.loads(ask(app.api_url, "GET", "/species")[2])


def speak(url, request_bytes):
    """Send raw bytes, answer all that comes back until the server closes."""
    host, port = urlsplit(url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))
