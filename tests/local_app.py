"""The fixture `app`: the whole app, started once by run_local.py on free ports; and what tests ask it with."""

import base64
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from tiny_model import write_model

REPOSITORY = Path(__file__).parent.parent
SHIPPED_MODEL = REPOSITORY / "training" / "model"


@dataclass(frozen=True)
class LocalApp:
    """A running app: its addresses, its process, the model folder that it serves, its log."""

    api_url: str
    site_url: str
    process: subprocess.Popen
    model: Path
    log: Path

    def classify(self, sound, **fields):
        """POST a recording's bytes; (status, answer)."""
        status, _, body = ask(self.api_url, "POST", "/classify", classify_body(sound, **fields))
        return status, json.loads(body)


def classify_body(sound, **fields):
    """Write the JSON that the page sends."""
    return json.dumps({"data": base64.b64encode(sound).decode(), **fields}).encode()


def ask(url, method, path, body=None, headers=None):
    """One request on a connection of its own; (status, headers, body)."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} | (headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@contextmanager
def running(model, **settings):
    """Run the app on free ports until the block ends; it must end by SIGTERM."""
    environment = os.environ | {"API_PORT": "0", "SITE_PORT": "0", "MODEL_DIR": str(model)} | settings
    command = [sys.executable, REPOSITORY / "run_local.py"]
    with (
        tempfile.NamedTemporaryFile(prefix="local-app-", suffix=".log") as log,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            line = process.stdout.readline()
            assert line.startswith("ready: "), f"the app did not start: {Path(log.name).read_text()}"
            site_url = line.removeprefix("ready: ").strip()
            config = urlopen(f"{site_url}/config.js").read().decode()
            yield LocalApp(re.search(r'"(.+)"', config)[1], site_url, process, Path(model), Path(log.name))
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A model folder with made-up numbers and the labels of tiny_model.BLACKBIRD; do not change it."""
    return write_model(tmp_path_factory.mktemp("tiny_model"))


@pytest.fixture(scope="session")
def app(request):
    """The whole app on free ports with the shipped model, or a tiny one where none is shipped yet."""
    shipped = (SHIPPED_MODEL / "model.tflite").exists()
    with running(SHIPPED_MODEL if shipped else request.getfixturevalue("tiny_folder")) as local_app:
        yield local_app
