"""The fixture `app`: the whole app, started once on free ports; and how tests ask it."""

import http.client
import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tiny_model import write_model

from loadtests.app import App, classify_body, started

REPOSITORY = Path(__file__).parent.parent
SHIPPED_MODEL = REPOSITORY / "training" / "model"


@dataclass(frozen=True)
class LocalApp(App):
    """A running app: its addresses, its process, its log, the model folder that it serves."""

    model: Path

    def classify(self, sound, **fields):
        """POST a recording's bytes; (status, answer)."""
        status, _, body = ask(self.api_url, "POST", "/classify", classify_body(sound, **fields))
        return status, json.loads(body)


def ask(url, method, path, body=None, headers=None):
    """One request on a connection of its own; (status, headers, body)."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(
            method, path, body, {"Content-Type": "application/json"} | (headers or {})
        )
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def wait_for(claim, seconds=60):
    """Wait until a claim is true; what it says in the end."""
    end = time.monotonic() + seconds
    while not (found := claim()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


@contextmanager
def running(model, **settings):
    """Run the app on free ports until the block ends; it must end by SIGTERM."""
    with started(MODEL_DIR=str(model), **settings) as app:
        yield LocalApp(app.api_url, app.site_url, app.process, app.log, Path(model))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A model folder with made-up numbers and tiny_model.BLACKBIRD's labels; do not change it."""
    return write_model(tmp_path_factory.mktemp("tiny_model"))


@pytest.fixture(scope="session")
def app(request):
    """The whole app on free ports with the shipped model, or a tiny one where none is shipped."""
    shipped = (SHIPPED_MODEL / "model.tflite").exists()
    with running(SHIPPED_MODEL if shipped else request.getfixturevalue("tiny_folder")) as local_app:
        yield local_app
