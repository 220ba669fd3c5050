"""AWS Lambda Power Tuning in an account: start its state machine, wait, print what it found.

The tool is the report's (2.2); it is installed once from AWS's Serverless Application Repository,
and its input and output are those of its README.
"""

import json
import time
from typing import Any

import boto3

POWERS = [128, 256, 512, 1_024, 1_769, 2_048, 3_008]
INVOCATIONS = 10
POLL_SECONDS = 5.0


class TuningError(Exception):
    """The state machine did not succeed."""


def main(state_machine: str, function: str, event: dict[str, Any]) -> int:
    """Tune a function with one event; print the best size and the address of the picture."""
    found = tune(boto3.client("stepfunctions"), state_machine, tuning_input(function, event))
    print(json.dumps(found, indent=1))
    return 0


def tuning_input(function: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return the input of the state machine: balanced between time and cost, as the report's."""
    return {
        "lambdaARN": function,
        "powerValues": POWERS,
        "num": INVOCATIONS,
        "payload": event,
        "parallelInvocation": False,
        "strategy": "balanced",
    }


def tune(
    client: Any, state_machine: str, given: dict[str, Any], *, poll_seconds: float = POLL_SECONDS
) -> dict[str, Any]:
    """Run the state machine to its end and return its output. Raises TuningError."""
    started = client.start_execution(stateMachineArn=state_machine, input=json.dumps(given))
    while True:
        found = client.describe_execution(executionArn=started["executionArn"])
        if found["status"] == "SUCCEEDED":
            output: dict[str, Any] = json.loads(found["output"])
            return output
        if found["status"] != "RUNNING":
            raise TuningError(f"{found['status']}: {found.get('cause', 'no cause given')}")
        time.sleep(poll_seconds)
