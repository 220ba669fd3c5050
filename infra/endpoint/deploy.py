"""Model artefact -> checks -> SageMaker endpoint -> autoscaling; refuses what does not fit (docs/operations.md)."""

import argparse
from collections.abc import Iterator

from infra import config
from infra.change import Change, delete_if_there
from infra.endpoint.autoscaling import ensure_scaling, remove_scaling
from infra.endpoint.blue_green import guards
from infra.endpoint.images import image_uri
from infra.endpoint.model import CheckedModel, check_model
from infra.endpoint.plan import Plan, candidate_name
from infra.endpoint.presets import Preset
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
from infra.endpoint.smoke_clip import smoke_clip
from infra.monitoring.alarm import delete_alarms, endpoint_alarms, ensure_alarms
from infra.s3 import ensure_bucket, ensure_private
from infra.session import Clients, account_id

SHIPPED_MODEL = "training/model"


def deploy(
    clients: Clients, plan: Plan, model: CheckedModel, topic_arn: str | None = None
) -> list[Change]:
    """Bring the endpoint to this model and hosting. Safe to run again, also after a failure anywhere in it.

    Raises DeployError when the model may not serve, ClientError when AWS refuses a call.
    """
    changes = [
        ensure_bucket(clients.s3, plan.bucket),
        ensure_private(clients.s3, plan.bucket),
        ensure_uploaded(clients.s3, plan.bucket, model),
        ensure_model(clients.sagemaker, plan, model),
        ensure_config(clients.sagemaker, plan, model),
        *ensure_alarms(clients.cloudwatch, endpoint_alarms(plan.endpoint), topic_arn),
        *roll_out(clients, plan, model),
    ]
    if plan.preset.scaling is None:
        return changes
    scaling = plan.preset.scaling
    return changes + ensure_scaling(
        clients.autoscaling, clients.cloudwatch, endpoint=plan.endpoint, scaling=scaling
    )


def destroy(clients: Clients, endpoint: str, *, poll_seconds: float = 15.0) -> list[Change]:
    """Delete all that was made for an endpoint, but for the bucket: it may hold training data too."""
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
    changes += delete_alarms(clients.cloudwatch, guards(endpoint))
    return [*changes, delete_role(clients.iam, endpoint)]


def check(arguments: argparse.Namespace, clients: Clients) -> CheckedModel:
    """Check the model that was given against the clip that was given, or the made one."""
    clip = smoke_clip(arguments.clip, arguments.expect)
    return check_model(arguments.model, clip, s3=clients.s3, expected_sha256=arguments.sha256)


def plan_for(
    arguments: argparse.Namespace, clients: Clients, stage: config.Settings, preset: Preset
) -> Plan:
    """Say what shall stand: as the stage has it, where the command line says nothing else."""
    account, endpoint = account_id(clients), arguments.endpoint or stage.endpoint
    bucket, role = (
        arguments.bucket or stage.bucket(account),
        arguments.role or role_arn(endpoint, account),
    )
    return Plan(endpoint, bucket, role, image_uri(stage.region), preset)


def make(
    arguments: argparse.Namespace, clients: Clients, plan: Plan, model: CheckedModel
) -> Iterator[str]:
    """Make role and endpoint; yield what became of each part."""
    if not arguments.role:
        wanted = policy(
            plan.endpoint, plan.bucket, clients.sagemaker.meta.region_name, account_id(clients)
        )
        yield str(ensure_role(clients.iam, plan.endpoint, wanted))
    yield from map(str, deploy(clients, plan, model))
