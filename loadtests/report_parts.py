"""The report's own path, replayed in three processes: `python -m loadtests.report_parts ROLE FD`.

What the report did and we do not: its CNN (3.2) in float32, the spectrogram as JSON floats through
both hops, the first 5 s alone. Where it leaves room it gets what is quicker: our decoder, LiteRT in
place of TensorFlow Serving, connections that stay open. The network's weights are random; that
costs the same.
"""

import base64
import http.client
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from birdapp.chalicelib.decode import decode_start

SAMPLE_RATE = 22_050
CLIP_SECONDS = 5
DECODE_SECONDS = 60.0
SEGMENT_SAMPLES = 430
CLASSES = 28
# The two cores of this machine.
THREADS = 2

Work = Callable[[dict[str, Any]], Any]
_connections = threading.local()


def main_lambda(request: dict[str, Any]) -> Any:
    """Return the best class of the first 5 s."""
    sound = base64.b64decode(request["data"])
    pcm = decode_start(sound, DECODE_SECONDS, max_seconds=CLIP_SECONDS)
    event = {"pcm": base64.b64encode(pcm).decode()}
    image = ask(os.environ["SPECTROGRAM_URL"], event)["spectrogram"]
    (row,) = ask(os.environ["ENDPOINT_URL"], {"instances": [image]})["predictions"]
    best = int(np.argmax(row))
    return [str(best), row[best]]


def ask(url: str, value: object) -> Any:
    """Send JSON on this thread's open connection; return the JSON of the response."""
    open_ones: dict[str, http.client.HTTPConnection] = _connections.__dict__
    connection = open_ones.setdefault(url, http.client.HTTPConnection(urlsplit(url).netloc))
    connection.request("POST", "/", json.dumps(value), {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())


def spectrogram_lambda() -> Work:
    """Return the report's second Lambda: norm, logarithm, rescaled, all in float64 (3.1, 4.1)."""
    from scipy.signal import stft  # noqa: PLC0415 (each process imports what it runs)

    def transform(event: dict[str, Any]) -> Any:
        samples = np.frombuffer(base64.b64decode(event["pcm"]), "<i2") / 32_768
        clip = np.resize(samples, SAMPLE_RATE * CLIP_SECONDS)
        image = np.log(np.abs(stft(clip, SAMPLE_RATE, nperseg=SEGMENT_SAMPLES)[2]) + 1e-10)
        scaled = (image - image.min()) / max(image.max() - image.min(), 1e-10)
        return {"spectrogram": scaled.tolist()}

    return transform


def endpoint() -> Work:
    """Return the report's CNN behind TensorFlow Serving's row form."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

    interpreter = Interpreter(model_content=network(), num_threads=THREADS)
    interpreter.allocate_tensors()
    given, found = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    lock = threading.Lock()

    def predict(request: dict[str, Any]) -> Any:
        images: npt.NDArray[np.float32] = np.array(request["instances"], np.float32)[..., None]
        with lock:
            interpreter.set_tensor(given["index"], images)
            interpreter.invoke()
            return {"predictions": interpreter.get_tensor(found["index"]).tolist()}

    return predict


def network() -> bytes:
    """Build the report's CNN (3.2) and return it for LiteRT, in float32."""
    import tensorflow as tf  # noqa: PLC0415
    from keras import Sequential, layers  # noqa: PLC0415

    blocks = [
        layer
        for channels in (64, 128, 256)
        for layer in (
            layers.Conv2D(channels, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.1),
        )
    ]
    head = [layers.GlobalAveragePooling2D()]
    for units in (256, 128):
        head += [layers.Dense(units, activation="relu"), layers.Dropout(0.3)]
    last = layers.Dense(CLASSES, activation="softmax")
    model = Sequential([layers.Input((216, 514, 1), batch_size=1), *blocks, *head, last])
    lite: bytes = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    return lite


ROLES: dict[str, Callable[[], Work]] = {
    "main": lambda: main_lambda,
    "spectrogram": spectrogram_lambda,
    "endpoint": endpoint,
}


class Handler(BaseHTTPRequestHandler):
    """One POST: JSON in, JSON out."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    work: Work

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(type(self).work(request)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Log nothing."""


def main() -> int:
    """Run a role on a socket that the parent listens on, until the parent ends it."""
    Handler.work = staticmethod(ROLES[sys.argv[1]]())
    listener = socket.socket(fileno=int(sys.argv[2]))
    server = ThreadingHTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
