"""A model goes live: at first, in place of another without a failed request, and back again (docs/operations.md).

The old model serves until the new one has answered the clip on an endpoint of its own, the candidate. Then SageMaker
starts a second fleet, moves the traffic, watches the alarms for a while, and moves it back if one fires.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.change import Change
from infra.endpoint.autoscaling import scaling_taken_off
from infra.endpoint.blue_green import guards, instance_type, refuse_impossible, update
from infra.endpoint.model import CheckedModel
from infra.endpoint.plan import Plan
from infra.endpoint.sagemaker import DEAD, create_endpoint, delete_endpoint, find_endpoint, settle
from infra.endpoint.smoke_clip import made_clip
from infra.endpoint.smoke_test import smoke
from infra.errors import DeployError, explain
from infra.session import Clients

PREVIOUS_TAG = "previous-endpoint-config"


def roll_out(clients: Clients, plan: Plan, model: CheckedModel) -> list[Change]:
    """Let the endpoint serve this model, whatever stood before. Model, configuration and alarms must be there.

    Raises DeployError when the new model may not serve: an old one then serves on, a first one is deleted.
    """
    changes = []
    if find_endpoint(clients.sagemaker, plan.candidate):
        changes.append(delete_endpoint(clients.sagemaker, plan.candidate, plan.poll_seconds))
    standing = settle(clients.sagemaker, plan.endpoint, plan.poll_seconds)
    if standing and standing["EndpointStatus"] in DEAD:
        changes.append(delete_endpoint(clients.sagemaker, plan.endpoint, plan.poll_seconds))
        standing = None
    if standing is None:
        return [*changes, start(clients, plan, model)]
    if standing["EndpointConfigName"] == plan.config_name(model):
        smoke(clients.runtime, plan.endpoint, model.clip, reference=model.reference)
        return [*changes, Change(f"endpoint {plan.endpoint}", "unchanged")]
    return [*changes, replace(clients, plan, model, standing)]


def start(clients: Clients, plan: Plan, model: CheckedModel) -> Change:
    """Make the endpoint. Where the model does not answer as it did here, nothing is left that would be paid for."""
    change = create_endpoint(
        clients.sagemaker, plan.endpoint, plan.config_name(model), plan.poll_seconds
    )
    try:
        smoke(clients.runtime, plan.endpoint, model.clip, reference=model.reference)
    except DeployError as error:
        delete_endpoint(clients.sagemaker, plan.endpoint, plan.poll_seconds)
        raise DeployError(f"{sentence(error)}; it was deleted.") from error
    return change


def prove(clients: Clients, plan: Plan, model: CheckedModel) -> None:
    """Let the model answer on the candidate, which is deleted again whatever happens. Raises DeployError."""
    try:
        create_endpoint(
            clients.sagemaker, plan.candidate, plan.config_name(model), plan.poll_seconds
        )
        smoke(clients.runtime, plan.candidate, model.clip, reference=model.reference)
    except DeployError as error:
        raise DeployError(f"{sentence(error)}; the model before serves on.") from error
    finally:
        delete_endpoint(clients.sagemaker, plan.candidate, plan.poll_seconds)


def replace(clients: Clients, plan: Plan, model: CheckedModel, standing: dict[str, Any]) -> Change:
    """Try the new model on the candidate, then move the traffic to it; after any failure the old one serves."""
    old, new = standing["EndpointConfigName"], plan.config_name(model)
    refuse_impossible(clients.sagemaker, old, new)
    prove(clients, plan, model)
    before = previous_config(clients.sagemaker, standing)
    remember(clients.sagemaker, standing, old)
    try:
        with fleet_freed(clients, plan.endpoint, old, new):
            update(
                clients, standing, new, alarms=guards(plan.endpoint), poll_seconds=plan.poll_seconds
            )
            answer_or_go_back(clients, plan, model, old)
    except (DeployError, ClientError):
        moved = find_endpoint(clients.sagemaker, plan.endpoint)
        if moved and moved["EndpointConfigName"] == old:
            remember(clients.sagemaker, standing, before)
        raise
    return Change(f"endpoint {plan.endpoint}", "updated")


def fleet_freed(
    clients: Clients, endpoint: str, old: str, new: str
) -> AbstractContextManager[None]:
    """Take scaling off where the instance type changes: SageMaker refuses the update else."""
    if instance_type(clients.sagemaker, old) == instance_type(clients.sagemaker, new):
        return nullcontext()
    return scaling_taken_off(clients.autoscaling, endpoint)


def answer_or_go_back(clients: Clients, plan: Plan, model: CheckedModel, old: str) -> None:
    """Ask the moved endpoint once more; after any failure move the traffic back. Raises DeployError."""
    try:
        smoke(clients.runtime, plan.endpoint, model.clip, reference=model.reference)
    except (DeployError, ClientError, BotoCoreError) as error:
        moved = settle(clients.sagemaker, plan.endpoint, plan.poll_seconds)
        if moved is not None:
            update(clients, moved, old, alarms=[], poll_seconds=plan.poll_seconds)
        raise DeployError(f"{sentence(error)}; the model before serves again.") from error


def sentence(error: Exception) -> str:
    """Leave a sentence open for what became of it."""
    return explain(error).removesuffix(".")


def roll_back(clients: Clients, endpoint: str, *, poll_seconds: float = 15.0) -> Change:
    """Return to the configuration that served before. Once more goes forward again. Raises DeployError without one.

    No alarm guards this: the alarms may be what made the operator go back, and one that fires would stop the update.
    """
    standing = settle(clients.sagemaker, endpoint, poll_seconds)
    if standing is None:
        raise DeployError(f"There is no endpoint {endpoint}.")
    current, before = standing["EndpointConfigName"], previous_config(clients.sagemaker, standing)
    if before in (None, current):
        raise DeployError(f"Endpoint {endpoint} has no earlier model to go back to.")
    refuse_impossible(clients.sagemaker, current, str(before))
    with fleet_freed(clients, endpoint, current, str(before)):
        update(clients, standing, str(before), alarms=[], poll_seconds=poll_seconds)
    remember(clients.sagemaker, standing, current)
    smoke(clients.runtime, endpoint, made_clip(), reference=None)
    return Change(f"endpoint {endpoint}", "updated")


def previous_config(sagemaker: Any, endpoint: dict[str, Any]) -> str | None:
    """Read which configuration served before the current one."""
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=endpoint["EndpointArn"])
    found = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    previous: str | None = found.get(PREVIOUS_TAG)
    return previous


def remember(sagemaker: Any, endpoint: dict[str, Any], config: str | None) -> None:
    """Note at the endpoint which configuration served before the current one."""
    if config is None:
        sagemaker.delete_tags(ResourceArn=endpoint["EndpointArn"], TagKeys=[PREVIOUS_TAG])
    else:
        sagemaker.add_tags(
            ResourceArn=endpoint["EndpointArn"], Tags=[{"Key": PREVIOUS_TAG, "Value": config}]
        )
