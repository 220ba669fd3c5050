"""One endpoint, made and deleted: bucket, model, configuration, alarms, traffic, scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.change import Change, delete_if_there
from infra.endpoint.autoscaling import ensure_scaling, remove_scaling
from infra.endpoint.blue_green import rollback_alarms
from infra.endpoint.images import image_uri
from infra.endpoint.plan import Plan, candidate_name
from infra.endpoint.role import delete_role, ensure_role, policy, role_arn
from infra.endpoint.rollout import roll_out
from infra.endpoint.sagemaker import (
    MISSING,
    delete_endpoint,
    ensure_config,
    ensure_model,
    ensure_uploaded,
    list_configs,
    list_models,
)
from infra.monitoring.alarm import delete_alarms, endpoint_alarms, ensure_alarms
from infra.s3 import ensure_bucket, ensure_private

if TYPE_CHECKING:
    from infra.config import Settings
    from infra.endpoint.model import CheckedModel
    from infra.endpoint.presets import Preset
    from infra.session import Account

SHIPPED_MODEL = "training/model"


def deploy(
    account: Account, plan: Plan, model: CheckedModel, topic_arn: str | None = None
) -> list[Change]:
    """Bring the endpoint to this model and hosting; safe to run again, also after any failure.

    Raises DeployError when the model may not serve, ClientError when AWS refuses a call.
    """
    changes = [
        ensure_bucket(account.s3, plan.bucket),
        ensure_private(account.s3, plan.bucket),
        ensure_uploaded(account.s3, plan.bucket, model),
        ensure_model(account.sagemaker, plan, model),
        ensure_config(account.sagemaker, plan, model),
        *ensure_alarms(account.cloudwatch, endpoint_alarms(plan.endpoint), topic_arn),
        *roll_out(account, plan, model),
    ]
    scaling = plan.preset.scaling
    return changes + (ensure_scaling(account, plan.endpoint, scaling) if scaling else [])


def destroy(account: Account, endpoint: str) -> list[Change]:
    """Delete all that was made for an endpoint, but for the bucket: it may hold training data."""
    sagemaker = account.sagemaker
    changes = remove_scaling(account, endpoint)
    changes += [
        delete_endpoint(sagemaker, name, account.poll_seconds)
        for name in (candidate_name(endpoint), endpoint)
    ]
    for name in list_configs(sagemaker, endpoint):
        resource, call = f"endpoint configuration {name}", sagemaker.delete_endpoint_config
        changes.append(delete_if_there(resource, call, missing=MISSING, EndpointConfigName=name))
    for name in list_models(sagemaker, endpoint):
        resource = f"model {name}"
        changes.append(
            delete_if_there(resource, sagemaker.delete_model, missing=MISSING, ModelName=name)
        )
    changes += delete_alarms(account.cloudwatch, rollback_alarms(endpoint))
    return [*changes, delete_role(account.iam, endpoint)]


def make_plan(
    account: Account,
    settings: Settings,
    preset: Preset,
    *,
    bucket: str | None = None,
    role: str | None = None,
) -> Plan:
    """Return the plan of a stage's endpoint, with its own bucket and role where none is given."""
    return Plan(
        settings.endpoint,
        bucket or settings.bucket(account.account_id),
        role or role_arn(settings.endpoint, account.account_id),
        image_uri(settings.region),
        preset,
    )


def ensure_own_role(account: Account, plan: Plan) -> Change:
    """Make the role that an endpoint has where no other is given."""
    desired = policy(plan.endpoint, plan.bucket, account.region, account.account_id)
    return ensure_role(account.iam, plan.endpoint, desired, spread_seconds=2 * account.poll_seconds)
