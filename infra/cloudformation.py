"""CloudFormation stacks: created, updated where their template changed, waited for, deleted."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra import s3
from infra.change import PRODUCT_TAG, Change, wait_until_settled
from infra.config import Settings
from infra.errors import DeployError, error_code, error_text
from infra.session import Account

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import (
        RollbackConfigurationTypeDef,
        RollbackTriggerTypeDef,
        StackTypeDef,
        TagTypeDef,
    )

# A stack carries the digest of the template that it was made from: the same again is nothing to do.
DIGEST_TAG = "template-sha256"
CAPABILITIES: list[CapabilityType] = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
COMPLETE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
# Never complete: what has the name of one of its buckets need not be its own.
UNFINISHED = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"}
# CloudFormation lets one do nothing but delete these.
DEAD = UNFINISHED | {"DELETE_FAILED"}
# Stopped because another resource failed: not the cause.
CANCELLED = "cancelled"
TAKEN = "already exists"
# docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: OperationAborted.
BUSY = "conflicting conditional operation"
# docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-account.html:
# account and organisation override the bucket's own setting.
NOT_PUBLIC = "ReadPolicy: .*Access ?Denied"
# What CloudFormation's reason holds -> what to do about it.
HINTS = {
    TAKEN: "delete it if it is yours, or change app_name in birdapp/.chalice/config.json",
    NOT_PUBLIC: "account or organisation block public buckets: publish with --mode cloudfront",
    BUSY: "S3 is busy with a bucket of that name, as it is for some "
    "time after one was deleted: run this again in some minutes",
    # AWS's words, on no page of its manual: github.com/aws-samples/aws-cdk-examples/issues/279.
    "must be verified": "AWS lets new accounts have CloudFront when it has verified them: open a "
    "case in AWS Support with this sentence, then run this again",
}
# What S3 may refuse for a moment only, the second one while a public access block is new.
PASSING = re.compile(f"{BUSY}|{NOT_PUBLIC}")
TRIES = 4
PAUSE_SECONDS = 20.0
# As long as SageMaker looks at its alarms (infra/endpoint/blue_green.py).
GUARD_MINUTES = 5


@dataclass(frozen=True)
class StackChange(Change):
    outputs: dict[str, str] = field(default_factory=dict, repr=False)


def ensure_stack(
    account: Account, name: str, template: dict[str, Any], *, alarms: tuple[str, ...] = ()
) -> StackChange:
    """Bring a stack to its template; a half-made one of an earlier run is taken up or replaced.

    What S3 refuses for a moment is tried again for a minute. One of the named alarms that fires
    within five minutes takes an update back. Raises DeployError with CloudFormation's reason; it
    has then restored what was there.
    """
    for _ in range(TRIES - 1):
        try:
            return _ensure_once(account, name, template, alarms)
        except DeployError as error:
            if not PASSING.search(str(error)):
                raise
        time.sleep(PAUSE_SECONDS)
    return _ensure_once(account, name, template, alarms)


def _ensure_once(
    account: Account, name: str, template: dict[str, Any], alarms: tuple[str, ...]
) -> StackChange:
    body = json.dumps(template, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    existing = settle(account, name)
    if existing and existing["StackStatus"] in DEAD:
        delete_stack(account, name)
        existing = None
    if existing and existing["StackStatus"] in COMPLETE and _digest(existing) == digest:
        return StackChange(f"stack {name}", "unchanged", outputs(existing))
    call = account.cloudformation.update_stack if existing else account.cloudformation.create_stack
    # CloudFormation hands them on to all that it makes.
    tags: list[TagTypeDef] = [{"Key": DIGEST_TAG, "Value": digest}, PRODUCT_TAG]
    call(
        StackName=name,
        TemplateBody=body,
        Capabilities=CAPABILITIES,
        Tags=tags,
        RollbackConfiguration=_guard(account, alarms),
    )
    made = _expect(account, name, "UPDATE_COMPLETE" if existing else "CREATE_COMPLETE")
    return StackChange(f"stack {name}", "updated" if existing else "created", outputs(made))


def _guard(account: Account, alarms: tuple[str, ...]) -> RollbackConfigurationTypeDef:
    """Return the alarms that take an update back; none replaces those of the update before.

    docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html
    """
    where = f"arn:aws:cloudwatch:{account.region}:{account.account_id}:alarm"
    triggers: list[RollbackTriggerTypeDef] = [
        {"Arn": f"{where}:{alarm}", "Type": "AWS::CloudWatch::Alarm"} for alarm in alarms
    ]
    minutes = GUARD_MINUTES if triggers else 0
    return {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": minutes}


def delete_stack(account: Account, name: str, *, bucket: str | None = None) -> Change:
    """Delete a stack with all that is in it; its `bucket` must be empty, so that is done first.

    Raises DeployError that names what could not be deleted.
    """
    existing = settle(account, name)
    if existing is None:
        return Change(f"stack {name}", "absent")
    if bucket and existing["StackStatus"] not in UNFINISHED:
        s3.empty_bucket(account, bucket)
    account.cloudformation.delete_stack(StackName=name)
    left = settle(account, name)
    if left is not None:
        raise DeployError(f"Stack {name} could not be deleted: {_reason(account, left['StackId'])}")
    return Change(f"stack {name}", "deleted")


def find_stack(account: Account, name: str) -> StackTypeDef | None:
    try:
        stack = account.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error_code(error) == "ValidationError" and "does not exist" in error_text(error):
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def settle(account: Account, name: str) -> StackTypeDef | None:
    """Wait until a stack is at rest; None when it is gone. Raises DeployError after an hour."""
    return wait_until_settled(
        lambda: find_stack(account, name),
        lambda stack: stack is None or _is_at_rest(stack["StackStatus"]),
        name=f"Stack {name}",
        poll_seconds=account.poll_seconds,
    )


def _is_at_rest(status: str) -> bool:
    return status in DEAD or not status.endswith("_IN_PROGRESS")


def outputs(stack: StackTypeDef) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def read_outputs(account: Account, name: str) -> dict[str, str]:
    """Return a stack's outputs. Raises DeployError where there is no such stack."""
    stack = find_stack(account, name)
    if stack is None:
        raise DeployError(f"Stack {name} does not exist: run `make deploy` first.")
    return outputs(stack)


def api_address(account: Account, settings: Settings) -> str:
    """Return the address of the stage's API. Raises DeployError where it is not deployed."""
    return read_outputs(account, settings.api_stack)["EndpointURL"].rstrip("/")


def _expect(account: Account, name: str, status: str) -> StackTypeDef:
    stack = settle(account, name)
    if stack is None or stack["StackStatus"] != status:
        reason = _reason(account, stack["StackId"]) if stack else "it is gone"
        reason += "".join(f" ({hint})" for part, hint in HINTS.items() if re.search(part, reason))
        what = f"CloudFormation could not bring up stack {name} and took it back"
        raise DeployError(f"{what}: {reason}")
    return stack


def _reason(account: Account, stack_id: str) -> str:
    """Return the first root cause; events come newest first."""
    events = account.cloudformation.get_paginator("describe_stack_events")
    failures = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for page in events.paginate(StackName=stack_id)
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    causes = [failure for failure in failures if CANCELLED not in failure]
    return (causes or failures or ["no reason given"])[-1]


def _digest(stack: StackTypeDef) -> str | None:
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}.get(DIGEST_TAG)
