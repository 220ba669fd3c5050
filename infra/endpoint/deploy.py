"""One endpoint, made and deleted: model, configuration, traffic, scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.change import Change, delete_if_there
from infra.endpoint.autoscaling import ensure_scaling, remove_scaling
from infra.endpoint.plan import candidate_name
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

if TYPE_CHECKING:
    from infra.endpoint.model import CheckedModel
    from infra.endpoint.plan import Plan
    from infra.session import Account

SHIPPED_MODEL = "training/model"


def deploy(account: Account, plan: Plan, model: CheckedModel) -> list[Change]:
    """Bring the endpoint to this model and hosting; safe to run again, also after any failure.

    Bucket, role and alarms are there already: infra/stacks/foundation.py.

    Raises DeployError when the model may not serve, ClientError when AWS refuses a call.
    """
    changes = [
        ensure_uploaded(account.s3, plan.bucket, model),
        ensure_model(account.sagemaker, plan, model),
        ensure_config(account.sagemaker, plan, model),
        *roll_out(account, plan, model),
    ]
    scaling = plan.preset.scaling
    return changes + (ensure_scaling(account, plan.endpoint, scaling) if scaling else [])


def destroy(account: Account, endpoint: str) -> list[Change]:
    """Delete scaling, endpoint, configurations and models; the foundation stays for the others."""
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
    return changes
