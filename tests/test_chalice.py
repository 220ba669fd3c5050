"""What Chalice needs of app.py: it imports it to package it, and serves it alone."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from lambda_fixtures import BIRDAPP, JSON_TYPE, body_of, tone_wav

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


def test_every_route_declares_every_method(main_lambda):
    methods = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
    assert {path: set(routes) for path, routes in main_lambda.routes.items()} == {
        "/classify": methods,
        "/species": methods,
    }


@pytest.fixture
def chalice_local(main_lambda):
    """`chalice local` with nothing of AWS but the two endpoint variables; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    keep = ("AWS_ENDPOINT_URL_", "FFMPEG_BINARY", "PATH", "HOME")
    environment = {name: value for name, value in os.environ.items() if name.startswith(keep)}
    command = [
        Path(sys.executable).with_name("chalice"),
        "local",
        "--no-autoreload",
        "--port",
        str(port),
    ]
    with subprocess.Popen(
        command, cwd=BIRDAPP, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def wait_for(port):
    for _ in range(600):
        with (
            contextlib.suppress(ConnectionRefusedError),
            socket.create_connection(("127.0.0.1", port)),
        ):
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
