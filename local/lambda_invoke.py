"""AWS Lambda's Invoke API for the functions that the main Lambda calls.

The spectrogram function's folder is the root, as in its zip. The classifier runs where
CLASSIFIER_FUNCTION names it, with the model in MODEL_DIR.
"""

import json
import os
import sys
import traceback
import uuid
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from local import processes
from local.request_body import BodyRefusedError
from local.server import Handler, Server, inherited

FOLDER = Path(__file__).parent.parent / "spectrogram_fn"
# Lambda's own limit on what goes into a synchronous call.
MAX_PAYLOAD_BYTES = 6 * 2**20


class InvokeHandler(Handler):
    """POST /2015-03-31/functions/NAME/invocations."""

    max_body_bytes = MAX_PAYLOAD_BYTES
    functions: Mapping[str, Callable[[Any, object], Any]]

    def do_POST(self) -> None:  # noqa: N802 (the base class calls it so)
        """Respond as Lambda does: the function's result is a 200, and so is its failure."""
        try:
            body = self.read_body()
        except BodyRefusedError as error:
            self._refuse(error.status, "RequestTooLargeException", str(error))
            return self.linger()
        before, _, after = unquote(self.path).removeprefix("/").partition("/functions/")
        name, _, operation = after.partition("/")
        function = self.functions.get(name)
        if (before, operation) != ("2015-03-31", "invocations") or function is None:
            return self._refuse(
                404, "ResourceNotFoundException", f"Function not found: {self.path}"
            )
        try:
            event = json.loads(body)
        except ValueError as error:
            return self._refuse(
                400, "InvalidRequestContentException", f"Could not parse request body: {error}"
            )
        answer, headers = invoke(function, event)
        return self.send_json(200, answer, {"X-Amz-Executed-Version": "$LATEST", **headers})

    def _refuse(self, status: int, code: str, message: str) -> None:
        self.send_json(status, {"Type": "User", "Message": message}, {"x-amzn-ErrorType": code})


def invoke(function: Callable[[Any, object], Any], event: Any) -> tuple[Any, dict[str, str]]:
    """Call a Lambda function; return the payload and the headers that the Invoke API would."""
    try:
        return function(event, SimpleNamespace(aws_request_id=str(uuid.uuid4()))), {}
    except Exception as error:  # Whatever a function raises is its caller's to know.
        traceback.print_exc()
        failure = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "stackTrace": traceback.format_tb(error.__traceback__),
        }
        return failure, {"X-Amz-Function-Error": "Unhandled"}


def main() -> int:
    """Serve the functions by the names in the environment on the socket that was handed over."""
    processes.end_with_parent()
    functions = {}
    if classifier := os.environ.get("CLASSIFIER_FUNCTION"):
        functions[classifier] = import_module("classifier_fn.handler").handler
    sys.path[0] = str(FOLDER)
    functions[os.environ["SPECTROGRAM_FUNCTION"]] = import_module("handler").handler
    InvokeHandler.functions = functions
    Server(inherited(int(sys.argv[1])), InvokeHandler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
