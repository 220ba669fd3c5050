"""The model on its endpoint or in its Lambda, by the preset; a stage has one of them."""

from collections.abc import Iterator

from infra import classifier
from infra.change import Change
from infra.cloudformation import StackChange, find_stack
from infra.config import Settings
from infra.endpoint import deploy as endpoint
from infra.endpoint import rollout
from infra.endpoint.checks import Clip
from infra.endpoint.deploy import Deployed
from infra.endpoint.model import CheckedModel
from infra.endpoint.plan import Plan
from infra.endpoint.presets import Function, Preset
from infra.endpoint.sagemaker import find_endpoint
from infra.errors import DeployError
from infra.session import Account
from infra.stacks.functions import classifier_stack


def find_deployed(account: Account, settings: Settings) -> Deployed | None:
    """Return the model that is asked now, and its preset; None where there is none."""
    function = classifier.find_deployed(account, settings)
    return function or endpoint.find_deployed(account.sagemaker, settings.endpoint)


def deploy(
    account: Account, settings: Settings, base: StackChange, preset: Preset, model: CheckedModel
) -> Iterator[Change]:
    """Bring the model up on what the foundation `base` holds. Safe to run again."""
    if isinstance(preset.hosting, Function):
        yield from classifier.deploy(account, settings, preset.hosting, model)
    else:
        yield from endpoint.deploy(account, Plan.on(settings, base.outputs, preset), model)


def delete_other(account: Account, settings: Settings, preset: Preset) -> Iterator[Change]:
    """Delete the endpoint or the Lambda that the preset before had; the API asks it no more."""
    if isinstance(preset.hosting, Function):
        if find_endpoint(account.sagemaker, settings.endpoint):
            yield from endpoint.destroy(account, settings.endpoint)
    elif find_stack(account, classifier_stack(settings)):
        yield classifier.destroy(account, settings)


def refuse_other(deployed: Deployed | None, preset: Preset) -> None:
    """Raise DeployError where the API would go on to ask what was deployed before."""
    before = deployed.preset if deployed else None
    kinds = [isinstance(it.hosting, Function) for it in (before, preset) if it]
    if len(set(kinds)) > 1:
        command = f'`make deploy ARGS="--preset {preset.name}"`'
        raise DeployError(f"The API has to ask another service then: {command}.")


def roll_back(account: Account, settings: Settings, clip: Clip) -> Change:
    """Return to the model before. Raises DeployError where there is none."""
    if find_stack(account, classifier_stack(settings)):
        return classifier.roll_back(account, settings, clip)
    return rollout.roll_back(account, settings.endpoint, clip)


def destroy(account: Account, settings: Settings) -> Iterator[Change]:
    yield from endpoint.destroy(account, settings.endpoint)
    yield classifier.destroy(account, settings)
