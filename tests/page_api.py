"""A small API and site on real sockets: canned answers of the contract, faults on demand."""

import base64
import io
import json
import math
import threading
import wave
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from local.server import Handler, Server, listen
from local.site import SiteHandler

FRONTEND = Path(__file__).parent.parent / "frontend"
POOLING = {
    "rule": "power_mean",
    "exponent": 4,
    "species_per_window": 20,
    "calibration": [[0.0, 0.0], [1.0, 1.0]],
    "bird_threshold": 0.6,
}
# The rule of a model that hears several birds, and one that it does not know.
POOLING_OF_BIRDS = POOLING | {
    "birds": {
        "rule": "own_windows",
        "heard": 0.2,
        "least_windows": 1,
        "calibration": [[0.0, 0.0], [1.0, 1.0]],
        "candidate": 0.1,
        "bird": 0.5,
        "certain": 0.85,
        "unknown": 0.15,
        "sings": 0.7,
    }
}
BLACKBIRD = [
    {"name": "Common Blackbird", "scientific_name": "Turdus merula", "probability": 0.87},
    {"name": "European Robin", "scientific_name": "Erithacus rubecula", "probability": 0.12},
]
ROBIN = [{"name": "European Robin", "scientific_name": "Erithacus rubecula", "probability": 0.91}]
DOUBTFUL = [
    {"name": "Common Chaffinch", "scientific_name": "Fringilla coelebs", "probability": 0.34}
]
BOTH = [
    {"name": "Common Blackbird", "scientific_name": "Turdus merula", "probability": 0.96},
    {"name": "European Robin", "scientific_name": "Erithacus rubecula", "probability": 0.91},
    {"name": "Common Chaffinch", "scientific_name": "Fringilla coelebs", "probability": 0.64},
    {"name": "Eurasian Wren", "scientific_name": "Troglodytes troglodytes", "probability": 0.22},
]
# What a network says of a cuckoo, which it does not know.
CUCKOO = [
    {"name": "Common Wood-Pigeon", "scientific_name": "Columba palumbus", "probability": 0.009}
]
# What the API may do with a request: (status, code, message, Retry-After).
BUSY = (429, "rate_limited", "Too many recordings at once. Please wait a moment.", "1")
AWAY = (503, "upstream_unavailable", "The bird service is starting. Please wait a moment.", "1")
TIMEOUT = (504, "upstream_timeout", "The bird service took too long. Please try again.", None)
SILENT = (422, "silent_audio", "This recording is silent.", None)
NOT_AUDIO = (415, "unsupported_audio", "This file is not a sound that I can read.", None)


class Api:
    """What the API answers.

    `faults` come first, one a request (None: no fault). `gate` holds every request back while it is
    cleared; `let_through(n)` clears it after n requests. `songs` are the species of the first
    requests; `species` come later. `requests`, `sounds` and `seconds` record what came: the bytes
    of the body, the file, and its length.
    """

    def __init__(self):
        self.faults = []
        self.gate = threading.Event()
        self.gate.set()
        self.requests = []
        self.seconds = []
        self.tickets = None
        self.sounds = []
        self.verdict = "bird"
        self.species = BLACKBIRD
        self.songs = []
        self.pooling = POOLING
        self.bird = 0.98

    def let_through(self, count):
        """Answer so many requests and hold the others back."""
        self.gate.clear()
        self.tickets = threading.Semaphore(count)

    def wait(self):
        """Hold a request back until it may be answered."""
        if self.tickets and self.tickets.acquire(blocking=False):
            return
        self.gate.wait(60)

    def answer(self, body):
        """Return the answer to one request: every window of its WAV sings the same."""
        self.sounds.append(base64.b64decode(json.loads(body)["data"]))
        seconds = audio_seconds(self.sounds[-1])
        self.seconds.append(seconds)
        if seconds is None:
            return None
        species = self.songs.pop(0) if self.songs else self.species
        starts = range(max(1, math.ceil((seconds - 0.499) / 5)))
        windows = [
            {
                "start_seconds": 5.0 * i,
                "end_seconds": seconds if i == starts[-1] else 5.0 * (i + 1),
                "verdict": self.verdict,
                "bird": self.bird,
                "species": species,
            }
            for i in starts
        ]
        return {
            "verdict": self.verdict,
            "species": species,
            "windows": windows,
            "audio_seconds": seconds,
            "model": "canned",
            "pooling": self.pooling,
            "request_id": "r-1",
        }


def audio_seconds(data):
    """The length of a WAV file, None where it is none."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            return round(file.getnframes() / file.getframerate(), 3)
    except (wave.Error, EOFError):
        return None


class ApiHandler(Handler):
    max_body_bytes = 64 * 2**20
    api: Api

    def do_OPTIONS(self):  # noqa: N802 (the base class calls it so)
        self.respond(200, {})

    def do_GET(self):  # noqa: N802
        self.respond(
            200,
            {
                "model": "canned",
                "species": [{k: s[k] for k in ("name", "scientific_name")} for s in BOTH],
            },
        )

    def do_POST(self):  # noqa: N802
        body = self.read_body()
        self.api.requests.append(len(body))
        self.api.wait()
        answer = self.api.answer(body)
        fault = self.api.faults.pop(0) if self.api.faults else None if answer else NOT_AUDIO
        return self.fail(fault) if fault else self.respond(200, answer)

    def fail(self, fault):
        status, code, message, retry_after = fault
        headers = {"Retry-After": retry_after} if retry_after else {}
        self.respond(
            status, {"error": {"code": code, "message": message, "request_id": "r-1"}}, headers
        )

    def respond(self, status, answer, headers=None):
        cors = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
            "Access-Control-Expose-Headers": "Retry-After",
        }
        self.send_json(status, answer, {**cors, **(headers or {})})


def serve(handler):
    """Serve a handler on a free port of this machine, in a thread."""
    server = Server(listen(0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def url(server):
    """The base URL of a server."""
    return f"http://127.0.0.1:{server.server_address[1]}"


def serve_api(api):
    """Serve canned answers."""
    return serve(type("Handler", (ApiHandler,), {"api": api}))


def serve_site(api_url, listen=dict):
    """Serve the page's files as the local app does, with its policy, and what Listen needs."""
    return serve(partial(SiteHandler, api_base=api_url, listen=listen, directory=FRONTEND))


@contextmanager
def served(listen=dict):
    """The fake API and the page's files on real sockets, and perhaps what Listen needs."""
    fake = Api()
    server = serve_api(fake)
    fake.url = url(server)
    site = serve_site(fake.url, listen)
    fake.site_url = url(site)
    yield fake
    fake.gate.set()
    for each in (server, site):
        each.shutdown()
        each.server_close()
