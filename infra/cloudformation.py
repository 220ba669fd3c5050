"""CloudFormation stacks: made, changed only where their template changed, waited for, deleted."""

import hashlib
import json
import time
from typing import Any

from botocore.exceptions import ClientError

from infra.change import Change, error_code, error_text
from infra.config import Settings
from infra.errors import DeployError
from infra.session import Aws

# A stack carries the digest of the template that it was made from: the same again is nothing to do.
DIGEST_TAG = "template-sha256"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
STANDING = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
# CloudFormation lets one do nothing but delete these.
DEAD = {
    "CREATE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "DELETE_FAILED",
    "REVIEW_IN_PROGRESS",
}
WAIT_SECONDS = 3_600
# Stopped because another resource failed: not the cause.
CANCELLED = "cancelled"


def ensure_stack(aws: Aws, name: str, template: dict[str, Any]) -> Change:
    """Bring a stack to its template; a half-made one of an earlier run is taken up or replaced.

    Raises DeployError with CloudFormation's reason; what was there before then stands again.
    """
    body = json.dumps(template, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    standing = settle(aws, name)
    if standing and standing["StackStatus"] in DEAD:
        delete_stack(aws, name)
        standing = None
    if standing and standing["StackStatus"] in STANDING and _digest(standing) == digest:
        return Change(f"stack {name}", "unchanged")
    call = aws.cloudformation.update_stack if standing else aws.cloudformation.create_stack
    tags = [{"Key": DIGEST_TAG, "Value": digest}]
    call(StackName=name, TemplateBody=body, Capabilities=CAPABILITIES, Tags=tags)
    _expect(aws, name, "UPDATE_COMPLETE" if standing else "CREATE_COMPLETE")
    return Change(f"stack {name}", "updated" if standing else "created")


def delete_stack(aws: Aws, name: str) -> Change:
    """Delete a stack with all that is in it. Raises DeployError where something stays, saying what."""
    standing = settle(aws, name)
    if standing is None:
        return Change(f"stack {name}", "absent")
    aws.cloudformation.delete_stack(StackName=name)
    left = settle(aws, name)
    if left is not None:
        raise DeployError(f"Stack {name} could not be deleted: {_reason(aws, left['StackId'])}")
    return Change(f"stack {name}", "deleted")


def find_stack(aws: Aws, name: str) -> dict[str, Any] | None:
    """Describe a stack, None where there is none."""
    try:
        stack: dict[str, Any] = aws.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error_code(error) == "ValidationError" and "does not exist" in error_text(error):
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def settle(aws: Aws, name: str) -> dict[str, Any] | None:
    """Wait until a stack moves no more; None when it is gone. Raises DeployError after an hour."""
    for _ in range(int(WAIT_SECONDS / max(aws.poll_seconds, 1.0))):
        stack = find_stack(aws, name)
        if (
            stack is None
            or not stack["StackStatus"].endswith("_IN_PROGRESS")
            or stack["StackStatus"] in DEAD
        ):
            return stack
        time.sleep(aws.poll_seconds)
    raise DeployError(
        f"Stack {name} did not settle within an hour; run this again to go on waiting."
    )


def outputs(aws: Aws, name: str) -> dict[str, str]:
    """Read a stack's outputs. Raises DeployError where it does not stand."""
    stack = find_stack(aws, name)
    if stack is None:
        raise DeployError(f"Stack {name} does not stand.")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def api_address(aws: Aws, settings: Settings) -> str:
    """Read where the stage's API answers. Raises DeployError where it does not stand."""
    return outputs(aws, settings.api_stack)["EndpointURL"].rstrip("/")


def _expect(aws: Aws, name: str, status: str) -> None:
    stack = settle(aws, name)
    if stack is None or stack["StackStatus"] != status:
        reason = _reason(aws, stack["StackId"]) if stack else "it is gone"
        raise DeployError(
            f"CloudFormation could not bring up stack {name} and took it back: {reason}"
        )


def _reason(aws: Aws, stack_id: str) -> str:
    """The earliest failure that was nobody else's consequence."""
    pages = aws.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    failures = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for page in pages
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    causes = [failure for failure in failures if CANCELLED not in failure]
    return (causes or failures or ["no reason given"])[-1]


def _digest(stack: dict[str, Any]) -> str | None:
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}.get(DIGEST_TAG)
