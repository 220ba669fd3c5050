"""What an endpoint serves now: a deploy that names no model or no preset keeps what stands."""

from dataclasses import dataclass
from typing import Any

from infra.endpoint.plan import config_name
from infra.endpoint.presets import DEFAULT_PRESET, PRESETS, Preset
from infra.endpoint.sagemaker import DEAD, describe_or_none, find_endpoint


@dataclass(frozen=True)
class Serving:
    """The S3 address of the model's archive, and the preset that its configuration was made from."""

    model: str
    preset: Preset | None


def find_serving(sagemaker: Any, endpoint: str) -> Serving | None:
    """Ask what an endpoint serves; None where none stands that could serve."""
    standing = find_endpoint(sagemaker, endpoint)
    if standing is None or standing["EndpointStatus"] in DEAD:
        return None
    name = standing["EndpointConfigName"]
    config = describe_or_none(sagemaker.describe_endpoint_config, EndpointConfigName=name)
    if config is None:
        return None
    model_name = config["ProductionVariants"][0]["ModelName"]
    model = describe_or_none(sagemaker.describe_model, ModelName=model_name)
    if model is None:
        return None
    made_from = (one for one in PRESETS.values() if config_name(endpoint, model_name, one) == name)
    return Serving(model["PrimaryContainer"]["ModelDataUrl"], next(made_from, None))


def chosen_preset(given: str | None, serving: Serving | None) -> Preset:
    """Take the preset that was named, else the one that stands, else the default."""
    if given:
        return PRESETS[given]
    return serving.preset if serving and serving.preset else PRESETS[DEFAULT_PRESET]
