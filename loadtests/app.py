"""Start the local app for a measurement, and send it recordings."""

import base64
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit
from urllib.request import urlopen

REPOSITORY = Path(__file__).parent.parent
TIMEOUT_SECONDS = 60
STOP_SECONDS = 20
INTERRUPTED = 130
Result = TypeVar("Result")


@dataclass(frozen=True)
class App:
    """A running app: its addresses, its process, its log."""

    api_url: str
    site_url: str
    process: subprocess.Popen[str]
    log: Path


@dataclass(frozen=True)
class Answer:
    """What came back for one request, and when; status 0 where nothing came."""

    status: int
    milliseconds: float
    stages: dict[str, float]


@contextmanager
def started(**settings: str) -> Iterator[App]:
    """Run the app on free ports until the block ends. Raises RuntimeError if it does not start."""
    environment = os.environ | {"API_PORT": "0", "SITE_PORT": "0"} | settings
    command = [sys.executable, str(REPOSITORY / "run_local.py")]
    with (
        tempfile.NamedTemporaryFile(prefix="local-app-", suffix=".log") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            yield _ready(process, Path(log.name))
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def on_app(url: str | None, work: Callable[[str], Result]) -> Result:
    """Do the work with the API at `url`, or with one that is started for it."""
    if url:
        return work(url)
    with started() as running:
        return work(running.api_url)


def _ready(process: subprocess.Popen[str], log: Path) -> App:
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("ready: "):
        raise RuntimeError(f"the app did not start: {log.read_text()}")
    site_url = line.removeprefix("ready: ").strip()
    config = urlopen(f"{site_url}/config.js").read().decode()  # noqa: S310 (a loopback address of our own)
    return App(re.findall(r'"(.+)"', config)[0], site_url, process, log)


def parts(running: App) -> list[Path]:
    """Return the folders in /proc of the app's processes."""
    parent = running.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [Path(f"/proc/{child}") for child in children]


def part(running: App, module: str) -> Path:
    """Return the folder in /proc of the process that runs a module."""
    (found,) = [one for one in parts(running) if module in (one / "cmdline").read_text()]
    return found


def processor_seconds(running: App) -> float:
    """Return the processor time of all parts so far, with that of their ffmpeg."""
    fields = [(one / "stat").read_text().rpartition(")")[2].split() for one in parts(running)]
    return sum(int(ticks) for part in fields for ticks in part[11:15]) / os.sysconf("SC_CLK_TCK")


def run_cli(main: Callable[[], int]) -> NoReturn:
    """End the process with the status of `main`, without a traceback after Ctrl-C."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def classify_body(sound: bytes, **fields: object) -> bytes:
    """Return the JSON that the page sends."""
    return json.dumps({"data": base64.b64encode(sound).decode(), **fields}).encode()


def connect(url: str) -> http.client.HTTPConnection:
    """Return a connection to the API; it opens with the first request."""
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)


def classify(connection: http.client.HTTPConnection, body: bytes) -> Answer:
    """Send one recording; time it from the request's first byte to the response's last."""
    start = time.perf_counter()
    try:
        connection.request("POST", "/classify", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return Answer(0, milliseconds_since(start), {})
    return Answer(
        answer.status, milliseconds_since(start), stages(answer.headers.get("Server-Timing", ""))
    )


def milliseconds_since(start: float) -> float:
    return (time.perf_counter() - start) * 1_000


def stages(header: str) -> dict[str, float]:
    """Return stage -> milliseconds of a Server-Timing header."""
    return {name: float(value) for name, value in re.findall(r"(\w+);dur=([\d.]+)", header)}
