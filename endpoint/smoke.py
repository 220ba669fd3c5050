"""One real question to a deployed endpoint, and what is wrong with its answer."""

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployment.problems import DeployError
from endpoint.checks import problems_of_serving
from endpoint.clip import Clip
from operation.sentences import explain


def smoke(runtime: Any, endpoint: str, clip: Clip, *, reference: dict[str, Any] | None) -> None:
    """Let the endpoint answer the clip. Raises DeployError when it does not, or not as the reference did here."""
    try:
        outputs = ask(runtime, endpoint, clip)
    except (ClientError, BotoCoreError, ValueError, KeyError) as error:
        raise DeployError(f"Endpoint {endpoint} did not answer the smoke clip: {explain(error)}") from error
    problems = problems_of_serving(outputs, reference, clip)
    if problems:
        raise DeployError(f"Endpoint {endpoint} answered the smoke clip badly: {'; '.join(problems)}.")


def ask(runtime: Any, endpoint: str, clip: Clip) -> dict[str, Any]:
    """Send the clip and return `outputs`."""
    body = json.dumps(clip.request()).encode()
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="application/json", Body=body)
    outputs: dict[str, Any] = json.loads(answer["Body"].read())["outputs"]
    return outputs
