"""One real question to a deployed endpoint, and what is wrong with its answer."""

import json
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from infra.endpoint.checks import Clip, problems_of_deployed
from infra.errors import DeployError, error_code, explain
from infra.session import Account

# SageMaker's code for a container that fails; what else it refuses is not the model's fault.
MODEL_ERROR = "ModelError"


def run_smoke_test(
    account: Account, endpoint: str, clip: Clip, reference: dict[str, Any] | None
) -> None:
    """Ask the endpoint about the clip.

    Raises DeployError when the model does not answer, or not as the reference did here, and what
    boto3 raises where the question did not reach the model: that says nothing about it.
    """
    body = json.dumps(clip.request()).encode()
    try:
        answer = account.runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="application/json", Body=body
        )
        outputs = json.loads(answer["Body"].read())["outputs"]
    except (ClientError, ReadTimeoutError, ValueError, KeyError) as error:
        if isinstance(error, ClientError) and error_code(error) != MODEL_ERROR:
            raise
        what = f"Endpoint {endpoint} did not answer the smoke clip"
        raise DeployError(f"{what}: {explain(error)}") from error
    problems = problems_of_deployed(outputs, reference, clip)
    if problems:
        what = f"Endpoint {endpoint} answered the smoke clip badly"
        raise DeployError(f"{what}: {'; '.join(problems)}.")
