"""One real question to a deployed model, and what is wrong with its answer."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from infra.endpoint.checks import Clip, problems_of_deployed
from infra.errors import DeployError, error_code, explain
from infra.session import Account

# SageMaker's code for a container that fails; what else it refuses is not the model's fault.
MODEL_ERROR = "ModelError"
MOST_CHARACTERS = 300


def run_smoke_test(
    account: Account, endpoint: str, clip: Clip, reference: dict[str, Any] | None
) -> None:
    """Ask the endpoint about the clip.

    Raises DeployError when the model does not answer, or not as the reference did here, and what
    boto3 raises where the question did not reach the model: that says nothing about it.
    """

    def ask(body: bytes) -> bytes:
        question = {"EndpointName": endpoint, "ContentType": "application/json"}
        return account.runtime.invoke_endpoint(**question, Body=body)["Body"].read()

    _judge(f"Endpoint {endpoint}", ask, clip, reference)


def ask_function(
    account: Account, function: str, clip: Clip, reference: dict[str, Any] | None
) -> None:
    """Ask a Lambda, "name:version", likewise."""

    def ask(body: bytes) -> bytes:
        answer = account.functions.invoke(FunctionName=function, Payload=body)
        payload = answer["Payload"].read()
        if "FunctionError" in answer:
            raise ValueError(payload[:MOST_CHARACTERS].decode(errors="replace"))
        return payload

    _judge(f"Function {function}", ask, clip, reference)


def _judge(
    what: str, ask: Callable[[bytes], bytes], clip: Clip, reference: dict[str, Any] | None
) -> None:
    try:
        outputs = json.loads(ask(json.dumps(clip.request()).encode()))["outputs"]
    except (ClientError, ReadTimeoutError, ValueError, KeyError) as error:
        if isinstance(error, ClientError) and error_code(error) != MODEL_ERROR:
            raise
        raise DeployError(f"{what} did not answer the smoke clip: {explain(error)}") from error
    problems = problems_of_deployed(outputs, reference, clip)
    if problems:
        raise DeployError(f"{what} answered the smoke clip badly: {'; '.join(problems)}.")
