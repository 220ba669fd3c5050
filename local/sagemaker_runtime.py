"""SageMaker's runtime API for one model folder, in TensorFlow Serving's columnar predict form.

When the folder's files change, the new model is loaded and checked while the old one serves.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from classifier_fn.classifier import PredictError, respond
from local import model_folder, processes
from local.model_folder import BadModelError, Model
from local.request_body import BodyRefusedError
from local.server import Handler, Server, inherited

POLL_SECONDS = 0.5


class Endpoint:
    """The model that serves now, followed by whatever comes to stand in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = model_folder.fingerprint(folder)
        self.model = model_folder.load(folder)
        model_folder.check(self.model, model_folder.noise(self.model.window_shape))

    def watch(self) -> None:
        """Look at the folder for ever.

        A state that is still there at the next look is taken; a bad model is refused.
        """
        while True:
            before = model_folder.fingerprint(self._folder)
            time.sleep(POLL_SECONDS)
            if model_folder.fingerprint(self._folder) == before != self._seen:
                self._seen = before
                self._replace()

    def _replace(self) -> None:
        try:
            model = model_folder.load(self._folder)
            model_folder.check(model, model_folder.whistles())
        except (BadModelError, OSError) as error:
            return _log("model_refused", reason=str(error), serving=self.model.version)
        self.model = model
        return _log("model_replaced", serving=model.version)


def predict(model: Model, body: bytes) -> dict[str, Any]:
    """Return the response to a predict request. Raises PredictError."""
    try:
        request = json.loads(body)
    except ValueError as error:
        raise PredictError(f"The body is no JSON: {error}") from error
    return respond(model, request)


class RuntimeHandler(Handler):
    """POST /endpoints/NAME/invocations."""

    max_body_bytes = 25 * 2**20
    endpoint: Endpoint
    endpoint_name: str

    def do_POST(self) -> None:  # noqa: N802 (the base class calls it so)
        """Respond as SageMaker does, its own errors and the model's included."""
        try:
            body = self.read_body()
        except BodyRefusedError as error:
            self._fail(error.status, "ValidationError", str(error))
            return self.linger()
        if self.path != f"/endpoints/{self.endpoint_name}/invocations":
            name = unquote(self.path.split("/")[2]) if self.path.count("/") == 3 else self.path
            return self._fail(
                400, "ValidationError", f"Endpoint {name} of account 000000000000 not found."
            )
        try:
            self.send_json(
                200,
                predict(self.endpoint.model, body),
                {"x-Amzn-Invoked-Production-Variant": "local"},
            )
        except PredictError as error:
            self._fail(424, "ModelError", json.dumps({"error": str(error)}))

    def _fail(self, status: int, code: str, message: str) -> None:
        text = (
            f"Received client error (400) from primary with message {message}"
            if status == 424
            else message
        )
        detail = {"OriginalMessage": message, "OriginalStatusCode": 400} if status == 424 else {}
        self.send_json(
            status, {"Code": code, "Message": text, **detail}, {"x-amzn-ErrorType": code}
        )


def _log(event: str, **fields: str) -> None:
    print(json.dumps({"event": event, **fields}), file=sys.stderr, flush=True)


def main() -> int:
    """Serve the folder MODEL_DIR as the endpoint ENDPOINT_NAME on the inherited socket."""
    processes.end_with_parent()
    RuntimeHandler.endpoint_name = os.environ["ENDPOINT_NAME"]
    try:
        RuntimeHandler.endpoint = Endpoint(Path(os.environ["MODEL_DIR"]))
    except BadModelError as error:
        print(
            f"No model to serve: {error}. `make train` makes one; MODEL_DIR names another folder.",
            file=sys.stderr,
        )
        return 1
    threading.Thread(target=RuntimeHandler.endpoint.watch, daemon=True).start()
    Server(inherited(int(sys.argv[1])), RuntimeHandler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
