"""A model goes live: at first, in place of another without a failed request, and back again.

The old model serves until the new one has answered the clip on an endpoint of its own, the
candidate. Then SageMaker starts a second fleet, moves the traffic, looks at the alarms for a
while, and moves it back if one fires (docs/operations.md).
"""

from __future__ import annotations

import dataclasses
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.alarms import endpoint_alarms
from infra.change import Change
from infra.endpoint.autoscaling import suspend_scaling
from infra.endpoint.blue_green import find_instance_type, move_traffic, refuse_impossible
from infra.endpoint.checks import Clip
from infra.endpoint.model import CheckedModel
from infra.endpoint.plan import Plan
from infra.endpoint.sagemaker import (
    DEAD,
    create_endpoint,
    delete_endpoint,
    ensure_config,
    find_endpoint,
    settle,
)
from infra.endpoint.smoke_test import run_smoke_test
from infra.errors import EXPECTED, DeployError, open_sentence
from infra.session import Account

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

PREVIOUS_TAG = "previous-endpoint-config"


def roll_out(account: Account, plan: Plan, model: CheckedModel) -> list[Change]:
    """Let the endpoint serve this model, whatever it serves now.

    Model, configuration and alarms must exist. Raises DeployError when the new model may not
    serve: an old one then serves on, a first one is deleted.
    """
    sagemaker = account.sagemaker
    changes = []
    if find_endpoint(sagemaker, plan.candidate):
        changes.append(delete_endpoint(account, plan.candidate))
    existing = settle(account, plan.endpoint)
    if existing and existing["EndpointStatus"] in DEAD:
        changes.append(delete_endpoint(account, plan.endpoint))
        existing = None
    if existing is None:
        return [*changes, start(account, plan, model)]
    if existing["EndpointConfigName"] == plan.config_name(model):
        run_smoke_test(account, plan.endpoint, model.clip, model.reference)
        return [*changes, Change(f"endpoint {plan.endpoint}", "unchanged")]
    return [*changes, replace(account, plan, model, existing)]


def start(account: Account, plan: Plan, model: CheckedModel) -> Change:
    """Make the endpoint; delete it where the model does not answer as it did here."""
    name = plan.endpoint
    change = create_endpoint(account, name, plan.config_name(model))
    try:
        run_smoke_test(account, name, model.clip, model.reference)
    except DeployError as error:
        delete_endpoint(account, name)
        raise DeployError(f"{open_sentence(error)}; it was deleted.") from error
    return change


def try_candidate(account: Account, plan: Plan, model: CheckedModel) -> None:
    """Let the model answer on the candidate, which is then deleted in any case.

    Raises DeployError when it does not answer as it did here.
    """
    name, trial = plan.candidate, dataclasses.replace(plan, preset=plan.preset.for_candidate())
    try:
        ensure_config(account.sagemaker, trial, model)
        create_endpoint(account, name, trial.config_name(model))
        run_smoke_test(account, name, model.clip, model.reference)
    except DeployError as error:
        raise DeployError(f"{open_sentence(error)}; the model before serves on.") from error
    finally:
        delete_endpoint(account, name)


def replace(
    account: Account, plan: Plan, model: CheckedModel, existing: DescribeEndpointOutputTypeDef
) -> Change:
    """Try the new model on the candidate, then move the traffic; a failure leaves the old one."""
    sagemaker, name = account.sagemaker, plan.endpoint
    old, new = existing["EndpointConfigName"], plan.config_name(model)
    refuse_impossible(sagemaker, old, new)
    try_candidate(account, plan, model)
    before = find_previous_config(sagemaker, existing)
    note_previous_config(sagemaker, existing, old)
    try:
        with scaling_suspended(account, name, old, new):
            alarms = [alarm.name for alarm in endpoint_alarms(name)]
            move_traffic(account, existing, new, alarms=alarms)
            answer_or_go_back(account, name, model, old)
    except (DeployError, ClientError):
        moved = find_endpoint(sagemaker, name)
        if moved and moved["EndpointConfigName"] == old:
            note_previous_config(sagemaker, existing, before)
        raise
    return Change(f"endpoint {name}", "updated")


def scaling_suspended(
    account: Account, endpoint: str, old: str, new: str
) -> AbstractContextManager[None]:
    """Suspend scaling where the instance type changes; otherwise SageMaker rejects the update."""
    sagemaker = account.sagemaker
    if find_instance_type(sagemaker, old) == find_instance_type(sagemaker, new):
        return nullcontext()
    return suspend_scaling(account, endpoint)


def answer_or_go_back(account: Account, endpoint: str, model: CheckedModel, old: str) -> None:
    """Ask the endpoint once more; after any failure move the traffic back. Raises DeployError."""
    try:
        run_smoke_test(account, endpoint, model.clip, model.reference)
    except EXPECTED as error:
        moved = settle(account, endpoint)
        if moved is not None:
            move_traffic(account, moved, old, alarms=[])
        raise DeployError(f"{open_sentence(error)}; the model before serves again.") from error


def roll_back(account: Account, endpoint: str, clip: Clip) -> Change:
    """Return to the configuration before the current one; the same again goes forward.

    It looks at no alarm: one may be what made the operator go back, and would stop the update.
    Raises DeployError where there is no configuration before.
    """
    sagemaker = account.sagemaker
    existing = settle(account, endpoint)
    if existing is None:
        raise DeployError(f"There is no endpoint {endpoint}.")
    current, before = existing["EndpointConfigName"], find_previous_config(sagemaker, existing)
    if before is None or before == current:
        raise DeployError(f"Endpoint {endpoint} has no earlier model to go back to.")
    refuse_impossible(sagemaker, current, before)
    with scaling_suspended(account, endpoint, current, before):
        move_traffic(account, existing, before, alarms=[])
    note_previous_config(sagemaker, existing, current)
    run_smoke_test(account, endpoint, clip, None)
    return Change(f"endpoint {endpoint}", "updated")


def find_previous_config(
    sagemaker: SageMakerClient, endpoint: DescribeEndpointOutputTypeDef
) -> str | None:
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=endpoint["EndpointArn"])
    found = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    return found.get(PREVIOUS_TAG)


def note_previous_config(
    sagemaker: SageMakerClient, endpoint: DescribeEndpointOutputTypeDef, config: str | None
) -> None:
    arn = endpoint["EndpointArn"]
    if config is None:
        sagemaker.delete_tags(ResourceArn=arn, TagKeys=[PREVIOUS_TAG])
    else:
        sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": PREVIOUS_TAG, "Value": config}])
