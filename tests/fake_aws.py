"""Two AWS services played over real sockets: the Lambda Invoke API and the SageMaker runtime API.

The Lambda is the real spectrogram handler; the endpoint returns canned numbers. Each can be told to
fail.
"""

import json
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import spectrogram_fn.handler

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
}
SETTINGS = {
    "version": "test-1",
    "thresholds": {"bird": 0.6, "no_bird": 0.4},
    "pooling": {
        "rule": "power_mean",
        "exponent": 4,
        "species_per_window": 20,
        "calibration": [[0.0, 0.0], [1.0, 1.0]],
        "bird_threshold": 0.6,
    },
}
CONSTANTS = {
    "labels": ["Turdus merula", "Parus major", "Strix aluco"],
    "names": ["Common Blackbird", "Great Tit", "Tawny Owl"],
    "settings": json.dumps(SETTINGS),
}


class FakeAws:
    """What both services saw and what they return; `reply` overrules everything."""

    def __init__(self):
        self.requests = []
        self.row = [0.9, 0.05, 0.01]
        self.outputs = {}
        self.reply = {}  # service -> (status, headers, body)
        self.delays = {}  # service -> seconds
        self.closed = {}  # service -> connections to close without an answer

    def answer(self, service, body):
        if service in self.reply:
            return self.reply[service]
        if service == "lambda":
            return 200, {}, json.dumps(spectrogram_fn.handler.handler(json.loads(body), None))
        request = json.loads(body)
        outputs = dict(CONSTANTS)
        if "signature_name" not in request:
            windows = len(request["inputs"]["spectrogram"])
            outputs |= {"probabilities": [self.row] * windows, "bird": [0.95] * windows}
        outputs = {
            name: value for name, value in (outputs | self.outputs).items() if value is not None
        }
        return 200, {}, json.dumps({"outputs": outputs})


@contextmanager
def running_fake_aws():
    """Start the services on one free port; yields (FakeAws, environment for boto3)."""
    fake = FakeAws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service = "lambda" if "/functions/bird-spectrogram" in self.path else "endpoint"
            fake.requests.append((service, self.path, body))
            time.sleep(fake.delays.get(service, 0))
            if fake.closed.get(service, 0) > 0:
                fake.closed[service] -= 1
                self.close_connection = True
                return
            status, headers, text = fake.answer(service, body)
            payload = text if isinstance(text, bytes) else text.encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            with suppress(BrokenPipeError):  # A caller that gave up waiting.
                self.end_headers()
                self.wfile.write(payload)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    urls = {"AWS_ENDPOINT_URL_LAMBDA": url, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url}
    try:
        yield fake, {**CREDENTIALS, **urls}
    finally:
        server.shutdown()
        server.server_close()
