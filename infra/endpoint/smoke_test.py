"""One real question to a deployed endpoint, and what is wrong with its answer."""

import json
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from infra.change import error_code
from infra.endpoint.checks import problems_of_serving
from infra.endpoint.smoke_clip import Clip
from infra.errors import DeployError, explain

# SageMaker's word for a container that fails; whatever else it refuses is not the model's fault.
OF_THE_MODEL = "ModelError"


def smoke(runtime: Any, endpoint: str, clip: Clip, *, reference: dict[str, Any] | None) -> None:
    """Let the endpoint answer the clip. Raises DeployError when the model does not, or not as the reference did here.

    Raises what boto3 raises where the question did not reach the model: that says nothing about it.
    """
    try:
        outputs = ask(runtime, endpoint, clip)
    except (ClientError, ReadTimeoutError, ValueError, KeyError) as error:
        if isinstance(error, ClientError) and error_code(error) != OF_THE_MODEL:
            raise
        raise DeployError(
            f"Endpoint {endpoint} did not answer the smoke clip: {explain(error)}"
        ) from error
    problems = problems_of_serving(outputs, reference, clip)
    if problems:
        raise DeployError(
            f"Endpoint {endpoint} answered the smoke clip badly: {'; '.join(problems)}."
        )


def ask(runtime: Any, endpoint: str, clip: Clip) -> dict[str, Any]:
    """Send the clip and return `outputs`."""
    body = json.dumps(clip.request()).encode()
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="application/json", Body=body
    )
    outputs: dict[str, Any] = json.loads(answer["Body"].read())["outputs"]
    return outputs
