"""What an endpoint serves now: a deploy that names no model or no preset keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.endpoint.plan import config_name
from infra.endpoint.presets import DEFAULT_PRESET, PRESETS, Preset
from infra.endpoint.sagemaker import DEAD, describe_or_none, find_endpoint

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True)
class Deployed:
    """The S3 address of the model's archive, and the preset of its endpoint configuration."""

    model: str
    preset: Preset | None


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
    """Return the preset of this name, otherwise the deployed one, otherwise the default."""
    if given:
        return PRESETS[given]
    return deployed.preset if deployed and deployed.preset else PRESETS[DEFAULT_PRESET]
