"""CloudFormation stacks: created, updated where their template changed, waited for, deleted."""

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from infra import s3
from infra.change import Change, error_code, error_text
from infra.config import Settings
from infra.errors import DeployError
from infra.session import Aws

# A stack carries the digest of the template that it was made from: the same again is nothing to do.
DIGEST_TAG = "template-sha256"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
COMPLETE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
# Never complete: what has the name of one of its buckets need not be its own.
UNFINISHED = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"}
# CloudFormation lets one do nothing but delete these.
DEAD = UNFINISHED | {"DELETE_FAILED"}
WAIT_SECONDS = 3_600
# Stopped because another resource failed: not the cause.
CANCELLED = "cancelled"


@dataclass(frozen=True)
class StackChange(Change):
    """What became of a stack, and its outputs."""

    outputs: dict[str, str] = field(default_factory=dict, repr=False)


def ensure_stack(aws: Aws, name: str, template: dict[str, Any]) -> StackChange:
    """Bring a stack to its template; a half-made one of an earlier run is taken up or replaced.

    Raises DeployError with CloudFormation's reason; it has then restored what was there.
    """
    body = json.dumps(template, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    existing = settle(aws, name)
    if existing and existing["StackStatus"] in DEAD:
        delete_stack(aws, name)
        existing = None
    if existing and existing["StackStatus"] in COMPLETE and _digest(existing) == digest:
        return StackChange(f"stack {name}", "unchanged", outputs(existing))
    call = aws.cloudformation.update_stack if existing else aws.cloudformation.create_stack
    tags = [{"Key": DIGEST_TAG, "Value": digest}]
    call(StackName=name, TemplateBody=body, Capabilities=CAPABILITIES, Tags=tags)
    made = _expect(aws, name, "UPDATE_COMPLETE" if existing else "CREATE_COMPLETE")
    return StackChange(f"stack {name}", "updated" if existing else "created", outputs(made))


def delete_stack(aws: Aws, name: str, *, bucket: str | None = None) -> Change:
    """Delete a stack with all that is in it; its `bucket` must be empty, so that is done first.

    Raises DeployError that names what could not be deleted.
    """
    existing = settle(aws, name)
    if existing is None:
        return Change(f"stack {name}", "absent")
    if bucket and existing["StackStatus"] not in UNFINISHED:
        s3.empty_bucket(aws, bucket)
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
    """Wait until a stack is at rest; None when it is gone. Raises DeployError after an hour."""
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


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    """Return the outputs of a described stack."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def read_outputs(aws: Aws, name: str) -> dict[str, str]:
    """Return a stack's outputs. Raises DeployError where there is no such stack."""
    stack = find_stack(aws, name)
    if stack is None:
        raise DeployError(f"Stack {name} does not exist: run `make deploy` first.")
    return outputs(stack)


def api_address(aws: Aws, settings: Settings) -> str:
    """Return the address of the stage's API. Raises DeployError where it is not deployed."""
    return read_outputs(aws, settings.api_stack)["EndpointURL"].rstrip("/")


def _expect(aws: Aws, name: str, status: str) -> dict[str, Any]:
    stack = settle(aws, name)
    if stack is None or stack["StackStatus"] != status:
        reason = _reason(aws, stack["StackId"]) if stack else "it is gone"
        raise DeployError(
            f"CloudFormation could not bring up stack {name} and took it back: {reason}"
        )
    return stack


def _reason(aws: Aws, stack_id: str) -> str:
    """Return the first root cause; events come newest first."""
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
