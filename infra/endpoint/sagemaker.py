"""SageMaker's models, endpoint configurations and endpoints: found, made, waited for, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from infra.alarms import VARIANT
from infra.change import PRODUCT_TAG, Change, delete_if_there, wait_until_settled
from infra.endpoint.model import DIGEST_CHARACTERS, CheckedModel
from infra.endpoint.plan import Plan
from infra.errors import DeployError, error_text
from infra.session import Account

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef, TagTypeDef

# SageMaker's text is "ValidationException: Could not find ..." where other services have NotFound.
MISSING = ("Could not find", "does not exist")
MOVING = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
# SageMaker takes no call but delete_endpoint for these.
DEAD = {"Failed", "OutOfService"}

Described = TypeVar("Described")


def describe_or_none(describe: Callable[[], Described]) -> Described | None:
    """Call a describe operation; return None where SageMaker does not know the name."""
    try:
        return describe()
    except ClientError as error:
        if any(word in error_text(error) for word in MISSING):
            return None
        raise


def ensure_model(sagemaker: SageMakerClient, plan: Plan, model: CheckedModel) -> Change:
    """Register the archive with its image and role, whose digest is in the model's name."""
    name = plan.model_name(model)
    if describe_or_none(lambda: sagemaker.describe_model(ModelName=name)):
        return Change(f"model {name}", "unchanged")
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=plan.role_arn,
        PrimaryContainer={"Image": plan.image, "ModelDataUrl": f"s3://{plan.bucket}/{model.key}"},
        EnableNetworkIsolation=plan.hosting.isolated,
        Tags=tags(plan.endpoint),
    )
    return Change(f"model {name}", "created")


def ensure_config(sagemaker: SageMakerClient, plan: Plan, model: CheckedModel) -> Change:
    """Make the endpoint configuration, unless it exists; its name is of model and hosting."""
    name = plan.config_name(model)
    if describe_or_none(lambda: sagemaker.describe_endpoint_config(EndpointConfigName=name)):
        return Change(f"endpoint configuration {name}", "unchanged")
    hosting = plan.hosting
    model_name = plan.model_name(model)
    variant = {"VariantName": VARIANT, "ModelName": model_name, "InitialVariantWeight": 1.0}
    request: dict[str, Any] = {
        "EndpointConfigName": name,
        "ProductionVariants": [variant | hosting.variant()],
        "Tags": tags(plan.endpoint),
    }
    sagemaker.create_endpoint_config(**request | hosting.metrics())
    return Change(f"endpoint configuration {name}", "created")


def tags(endpoint: str) -> list[TagTypeDef]:
    """Return what marks an endpoint's parts on the bill."""
    return [{**PRODUCT_TAG}, {"Key": "endpoint", "Value": endpoint}]


def find_endpoint(sagemaker: SageMakerClient, name: str) -> DescribeEndpointOutputTypeDef | None:
    return describe_or_none(lambda: sagemaker.describe_endpoint(EndpointName=name))


def settle(account: Account, name: str) -> DescribeEndpointOutputTypeDef | None:
    """Wait until SageMaker is done with an endpoint; return it, None when it is gone.

    Raises DeployError after an hour.
    """
    return wait_until_settled(
        lambda: find_endpoint(account.sagemaker, name),
        lambda endpoint: endpoint is None or endpoint["EndpointStatus"] not in MOVING,
        name=f"Endpoint {name}",
        poll_seconds=account.poll_seconds,
    )


def create_endpoint(account: Account, name: str, config: str) -> Change:
    """Make an endpoint and wait for it. Raises DeployError where it fails; it is then deleted."""
    account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, Tags=tags(name))
    endpoint = settle(account, name)
    if endpoint is None or endpoint["EndpointStatus"] != "InService":
        reason = endpoint.get("FailureReason", "no reason given") if endpoint else "it is gone"
        delete_endpoint(account, name)
        what = f"SageMaker could not start endpoint {name}, and it was deleted"
        raise DeployError(f"{what}: {reason}")
    return Change(f"endpoint {name}", "created")


def delete_endpoint(account: Account, name: str) -> Change:
    """Delete an endpoint and wait until nothing of it is paid for any more."""
    settle(account, name)
    call = account.sagemaker.delete_endpoint
    change = delete_if_there(f"endpoint {name}", call, missing=MISSING, EndpointName=name)
    settle(account, name)
    return change


def list_configs(sagemaker: SageMakerClient, endpoint: str) -> list[str]:
    pages = sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=endpoint)
    names = (item["EndpointConfigName"] for page in pages for item in page["EndpointConfigs"])
    return owned_names(names, endpoint)


def list_models(sagemaker: SageMakerClient, endpoint: str) -> list[str]:
    pages = sagemaker.get_paginator("list_models").paginate(NameContains=endpoint)
    return owned_names((item["ModelName"] for page in pages for item in page["Models"]), endpoint)


def owned_names(names: Iterable[str], endpoint: str) -> list[str]:
    """Return the names that a Plan of this endpoint gives: another endpoint's may start alike."""
    pattern = re.compile(rf"{re.escape(endpoint)}-[0-9a-f]{{{DIGEST_CHARACTERS}}}")
    return [name for name in names if pattern.fullmatch(name)]
