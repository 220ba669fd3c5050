"""All parts in their order: up, each on what stands before it; down, the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass

import deploy_endpoint
from endpoint.clients import Clients
from endpoint.clip import made_clip
from endpoint.image import image_uri
from endpoint.model import CheckedModel, check_model
from endpoint.plan import Plan
from endpoint.presets import Preset
from endpoint.role import ensure_role, policy, role_arn
from endpoint.upload import delete_bucket
from operation.change import Change
from spectrogram_fn import deploy as spectrogram_deploy

from . import archives, bucket, gateway_logs, project, stacks, training_role
from .aws import Aws
from .settings import Settings


@dataclass(frozen=True)
class Ready:
    """What was built and checked on this machine, before anything is made or paid for."""

    settings: Settings
    spectrogram: archives.Package
    application: project.Application
    model: CheckedModel
    preset: Preset


def prepare(settings: Settings, clients: Clients, *, model: str, preset: Preset) -> Ready:
    """Check the model and build the packages. Raises DeployError with all that is wrong."""
    checked = check_model(model, made_clip(), s3=clients.s3)
    return Ready(settings, spectrogram_deploy.build(settings.python), project.build(settings), checked, preset)


def up(aws: Aws, clients: Clients, ready: Ready) -> Iterator[Change]:
    """Bring up all parts and yield what became of each. Safe to run again, also after a failure anywhere in it."""
    settings, name = ready.settings, ready.settings.bucket(aws.account)
    yield from spectrogram_deploy.deploy(aws, settings, ready.spectrogram)
    yield stacks.ensure_stack(aws, training_role.stack_name(settings), training_role.template(settings, name))
    yield from _endpoint(aws, clients, ready)
    yield from (bucket.upload(aws, name, package) for package in (ready.application.code, ready.application.layer))
    yield gateway_logs.ensure(aws)
    yield stacks.ensure_stack(aws, api_stack(settings), ready.application.finished_template(settings, name))


def down(aws: Aws, clients: Clients, settings: Settings) -> Iterator[Change]:
    """Delete all parts and yield what became of each. What is gone already is no fault."""
    yield stacks.delete_stack(aws, api_stack(settings))
    yield from deploy_endpoint.destroy(clients, settings.endpoint, poll_seconds=aws.poll_seconds)
    yield stacks.delete_stack(aws, training_role.stack_name(settings))
    yield from spectrogram_deploy.destroy(aws, settings)
    yield delete_bucket(aws.s3, settings.bucket(aws.account))


def api_stack(settings: Settings) -> str:
    """Name the stack of the API and the main Lambda."""
    return f"{settings.function}-api"


def _endpoint(aws: Aws, clients: Clients, ready: Ready) -> Iterator[Change]:
    endpoint, name = ready.settings.endpoint, ready.settings.bucket(aws.account)
    wanted = policy(endpoint, name, aws.region, aws.account)
    yield ensure_role(clients.iam, endpoint, wanted, spread_seconds=2 * aws.poll_seconds)
    plan = Plan(endpoint, name, role_arn(endpoint, aws.account), image_uri(aws.region), ready.preset, aws.poll_seconds)
    yield from deploy_endpoint.deploy(clients, plan, ready.model)
