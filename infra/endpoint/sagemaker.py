"""SageMaker's models, endpoint configurations and endpoints: found, made, waited for, deleted."""

import base64
import re
import time
from typing import Any

from botocore.exceptions import ClientError

from infra.change import Change, delete_if_there, error_text
from infra.endpoint.model import DIGEST_CHARACTERS, CheckedModel
from infra.endpoint.plan import Plan
from infra.endpoint.presets import production_variant
from infra.errors import DeployError
from infra.s3 import is_there

# SageMaker says "ValidationException: Could not find ..." where others say NotFound.
MISSING = ("Could not find", "does not exist")
MOVING = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
# Deleting is all that SageMaker lets one do with these.
DEAD = {"Failed", "OutOfService"}
WAIT_SECONDS = 3_600


def describe_or_none(call: Any, **name: str) -> dict[str, Any] | None:
    """Call a describe operation; None where SageMaker does not know the name."""
    try:
        described: dict[str, Any] = call(**name)
    except ClientError as error:
        if any(word in error_text(error) for word in MISSING):
            return None
        raise
    return described


def ensure_uploaded(s3: Any, bucket: str, model: CheckedModel) -> Change:
    """Upload model.tar.gz unless it is there: its key names its content, and S3 checks its SHA-256 on arrival."""
    resource = f"model s3://{bucket}/{model.key}"
    if is_there(s3, bucket, model.key):
        return Change(resource, "unchanged")
    checksum = base64.b64encode(bytes.fromhex(model.sha256)).decode()
    s3.put_object(Bucket=bucket, Key=model.key, Body=model.archive, ChecksumSHA256=checksum)
    return Change(resource, "created")


def ensure_model(sagemaker: Any, plan: Plan, model: CheckedModel) -> Change:
    """Register the archive with its image and role. Its name holds all of them, so what stands is right."""
    name = plan.model_name(model)
    if describe_or_none(sagemaker.describe_model, ModelName=name):
        return Change(f"model {name}", "unchanged")
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=plan.role_arn,
        PrimaryContainer={"Image": plan.image, "ModelDataUrl": f"s3://{plan.bucket}/{model.key}"},
        # The container needs nothing from the network: SageMaker brings the model and takes the logs.
        EnableNetworkIsolation=True,
        Tags=tags(plan.endpoint),
    )
    return Change(f"model {name}", "created")


def ensure_config(sagemaker: Any, plan: Plan, model: CheckedModel) -> Change:
    """Make the endpoint configuration. Its name holds model and hosting, so what stands is right."""
    name = plan.config_name(model)
    if describe_or_none(sagemaker.describe_endpoint_config, EndpointConfigName=name):
        return Change(f"endpoint configuration {name}", "unchanged")
    hosting = plan.preset.hosting
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[production_variant(plan.model_name(model), hosting)],
        Tags=tags(plan.endpoint),
        **hosting.metrics(),
    )
    return Change(f"endpoint configuration {name}", "created")


def tags(endpoint: str) -> list[dict[str, str]]:
    """Mark what belongs to an endpoint, for the bill."""
    return [{"Key": "product", "Value": endpoint}]


def find_endpoint(sagemaker: Any, name: str) -> dict[str, Any] | None:
    """Describe an endpoint, None where there is none."""
    return describe_or_none(sagemaker.describe_endpoint, EndpointName=name)


def settle(sagemaker: Any, name: str, poll_seconds: float) -> dict[str, Any] | None:
    """Wait until an endpoint moves no more; None when it is gone. Raises DeployError after an hour."""
    for _ in range(int(WAIT_SECONDS / max(poll_seconds, 1.0))):
        endpoint = find_endpoint(sagemaker, name)
        if endpoint is None or endpoint["EndpointStatus"] not in MOVING:
            return endpoint
        time.sleep(poll_seconds)
    raise DeployError(
        f"Endpoint {name} did not settle within an hour; run this again to go on waiting."
    )


def create_endpoint(sagemaker: Any, name: str, config: str, poll_seconds: float) -> Change:
    """Make an endpoint and wait for it. Raises DeployError when SageMaker cannot start it; it is then deleted."""
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, Tags=tags(name))
    endpoint = settle(sagemaker, name, poll_seconds)
    if endpoint is None or endpoint["EndpointStatus"] != "InService":
        reason = (endpoint or {}).get("FailureReason", "it is gone")
        delete_endpoint(sagemaker, name, poll_seconds)
        raise DeployError(
            f"SageMaker could not start endpoint {name}, and it was deleted: {reason}"
        )
    return Change(f"endpoint {name}", "created")


def delete_endpoint(sagemaker: Any, name: str, poll_seconds: float) -> Change:
    """Delete an endpoint and wait until nothing of it is paid for any more."""
    settle(sagemaker, name, poll_seconds)
    change = delete_if_there(
        f"endpoint {name}", sagemaker.delete_endpoint, missing=MISSING, EndpointName=name
    )
    settle(sagemaker, name, poll_seconds)
    return change


def owned_names(names: list[str], endpoint: str) -> list[str]:
    """Keep the names that a Plan of this endpoint gives: another endpoint's may start alike."""
    pattern = re.compile(rf"{re.escape(endpoint)}-[0-9a-f]{{{DIGEST_CHARACTERS}}}")
    return [name for name in names if pattern.fullmatch(name)]


def list_configs(sagemaker: Any, endpoint: str) -> list[str]:
    """List the endpoint configurations that were made for an endpoint."""
    pages = sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=endpoint)
    return owned_names(
        [item["EndpointConfigName"] for page in pages for item in page["EndpointConfigs"]], endpoint
    )


def list_models(sagemaker: Any, endpoint: str) -> list[str]:
    """List the models that were made for an endpoint."""
    pages = sagemaker.get_paginator("list_models").paginate(NameContains=endpoint)
    return owned_names([item["ModelName"] for page in pages for item in page["Models"]], endpoint)
