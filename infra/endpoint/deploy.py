"""One endpoint: what it serves now, and how it is made and deleted."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.change import Change, delete_if_there
from infra.endpoint.autoscaling import ensure_scaling, remove_scaling
from infra.endpoint.model import CheckedModel
from infra.endpoint.plan import Plan, candidate_name, config_name
from infra.endpoint.presets import DEFAULT_PRESET, PRESETS, Preset
from infra.endpoint.rollout import roll_out
from infra.endpoint.sagemaker import (
    DEAD,
    MISSING,
    delete_endpoint,
    describe_or_none,
    ensure_config,
    ensure_model,
    find_endpoint,
    list_configs,
    list_models,
)
from infra.s3 import upload_once
from infra.session import Account

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

# A deploy that names no model takes the deployed one, and at first this.
SHIPPED_MODEL = "training/model"


@dataclass(frozen=True)
class Deployed:
    """The S3 address of the model's archive, and the preset of its endpoint configuration."""

    model: str
    preset: Preset | None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what both command lines take."""
    text = "of birdapp/.chalice/config.json (dev)"
    parser.add_argument("--stage", default="dev", help=text)
    hosting = parser.add_mutually_exclusive_group()
    text = f"what the model runs on; otherwise the deployed one, at first {DEFAULT_PRESET}"
    hosting.add_argument("--preset", choices=sorted(PRESETS), help=text)
    hosting.add_argument("--serverless", dest="preset", action="store_const", const="serverless")
    text = "recording that the model must answer (a made one)"
    parser.add_argument("--clip", type=Path, help=text)
    parser.add_argument("--expect", help="label that must come first for --clip")


def find_deployed(sagemaker: SageMakerClient, endpoint: str) -> Deployed | None:
    """Return what an endpoint serves; None where there is none that could serve."""
    existing = find_endpoint(sagemaker, endpoint)
    if existing is None or existing["EndpointStatus"] in DEAD:
        return None
    name = existing["EndpointConfigName"]
    config = describe_or_none(lambda: sagemaker.describe_endpoint_config(EndpointConfigName=name))
    if config is None:
        return None
    model_name = config["ProductionVariants"][0]["ModelName"]
    model = describe_or_none(lambda: sagemaker.describe_model(ModelName=model_name))
    if model is None:
        return None
    presets = (one for one in PRESETS.values() if config_name(endpoint, model_name, one) == name)
    return Deployed(model["PrimaryContainer"]["ModelDataUrl"], next(presets, None))


def choose_preset(given: str | None, deployed: Deployed | None) -> Preset:
    if given:
        return PRESETS[given]
    return deployed.preset if deployed and deployed.preset else PRESETS[DEFAULT_PRESET]


def deploy(account: Account, plan: Plan, model: CheckedModel) -> list[Change]:
    """Bring the endpoint to this model and hosting; safe to run again, also after any failure.

    Bucket, role and alarms are there already (infra/stacks/foundation.py). Raises DeployError when
    the model may not serve, ClientError when AWS refuses a call.
    """
    changes = [
        upload_once(account, plan.bucket, model.key, model.archive),
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
    changes += [delete_endpoint(account, name) for name in (candidate_name(endpoint), endpoint)]
    call: Any = sagemaker.delete_endpoint_config
    for name in list_configs(sagemaker, endpoint):
        resource = f"endpoint configuration {name}"
        changes.append(delete_if_there(resource, call, missing=MISSING, EndpointConfigName=name))
    call = sagemaker.delete_model
    for name in list_models(sagemaker, endpoint):
        changes.append(delete_if_there(f"model {name}", call, missing=MISSING, ModelName=name))
    return changes
