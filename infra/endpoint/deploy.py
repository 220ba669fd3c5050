"""Model artefact -> checks -> SageMaker endpoint -> autoscaling; refuses what does not fit (docs/operations.md)."""

import argparse

from infra.change import Change, delete_if_there
from infra.endpoint.autoscaling import ensure_scaling, remove_scaling
from infra.endpoint.model import CheckedModel, check_model
from infra.endpoint.plan import Plan, candidate_name
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
from infra.endpoint.smoke_clip import smoke_clip
from infra.session import Clients

SHIPPED_MODEL = "training/model"


def deploy(clients: Clients, plan: Plan, model: CheckedModel) -> list[Change]:
    """Bring the endpoint to this model and hosting. Safe to run again, also after any failure.

    Bucket, role and alarms are there already: infra/stacks/foundation.py. Raises DeployError when the model may not serve, ClientError when AWS refuses a call.
    """
    changes = [
        ensure_uploaded(clients.s3, plan.bucket, model),
        ensure_model(clients.sagemaker, plan, model),
        ensure_config(clients.sagemaker, plan, model),
        *roll_out(clients, plan, model),
    ]
    if plan.preset.scaling is None:
        return changes
    scaling = plan.preset.scaling
    return changes + ensure_scaling(
        clients.autoscaling, clients.cloudwatch, endpoint=plan.endpoint, scaling=scaling
    )


def destroy(clients: Clients, endpoint: str, *, poll_seconds: float = 15.0) -> list[Change]:
    """Delete endpoint, scaling, configurations and models; the foundation stays for the others."""
    sagemaker = clients.sagemaker
    changes = remove_scaling(clients.autoscaling, endpoint)
    changes += [
        delete_endpoint(sagemaker, name, poll_seconds)
        for name in (candidate_name(endpoint), endpoint)
    ]
    for name in list_configs(sagemaker, endpoint):
        resource, call = f"endpoint configuration {name}", sagemaker.delete_endpoint_config
        changes.append(delete_if_there(resource, call, missing=MISSING, EndpointConfigName=name))
    for name in list_models(sagemaker, endpoint):
        changes.append(
            delete_if_there(
                f"model {name}", sagemaker.delete_model, missing=MISSING, ModelName=name
            )
        )
    return changes


def check(arguments: argparse.Namespace, clients: Clients) -> CheckedModel:
    """Check the model that was given against the clip that was given, or the made one."""
    clip = smoke_clip(arguments.clip, arguments.expect)
    return check_model(arguments.model, clip, s3=clients.s3, expected_sha256=arguments.sha256)
