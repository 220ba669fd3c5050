"""SageMaker's runtime API on a loopback socket: each endpoint answers what a test says."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Served:
    """`outputs` of every endpoint, those of single `endpoints`, and the names of all asked."""

    def __init__(self, outputs):
        self.outputs = outputs
        self.endpoints = {}
        self.asked = []

    def answer(self, name):
        """Return a status and a body; outputs of None play a container that fails."""
        self.asked.append(name)
        outputs = self.endpoints.get(name, self.outputs)
        if outputs is None:
            return 424, {
                "Code": "ModelError",
                "Message": "Received server error (500) from primary",
            }
        return 200, {"outputs": outputs}


@contextmanager
def serving(outputs):
    """Start it on a free port; yields (Served, its URL)."""
    served = Served(outputs)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = served.answer(self.path.split("/")[2])
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield served, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
