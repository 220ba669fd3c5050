"""All parts in their order: up, each on what is there before it; down, the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra import s3
from infra.change import Change
from infra.cloudformation import delete_stack, ensure_stack
from infra.config import Settings
from infra.endpoint import deploy as endpoint
from infra.endpoint.checks import Clip
from infra.endpoint.images import image_uri
from infra.endpoint.model import CheckedModel, check_model
from infra.endpoint.plan import Plan
from infra.endpoint.presets import Instances, Preset
from infra.monitoring.alarms import stage_alarms
from infra.packages import api as api_package
from infra.packages import spectrogram as spectrogram_package
from infra.packages.zips import Package
from infra.session import Account
from infra.site import publish
from infra.stacks import foundation, gateway_logs, monitoring, spectrogram
from infra.stacks.site import CLOUDFRONT, WEBSITE
from infra.stacks.site import stack_name as site_stack

SITES = {
    WEBSITE: "public, HTTP (website)",
    CLOUDFRONT: "private, behind a CloudFront distribution with its access control and security "
    "headers",
}


@dataclass(frozen=True)
class Ready:
    """What was built and checked on this machine, before anything is made or paid for."""

    settings: Settings
    spectrogram: Package
    application: api_package.Application
    model: CheckedModel
    preset: Preset


def prepare(
    account: Account, settings: Settings, *, model: str, clip: Clip, preset: Preset
) -> Ready:
    """Check the model and build the packages. Raises DeployError with all that is wrong."""
    checked = check_model(model, clip, s3=account.s3)
    function = spectrogram_package.build(settings.python)
    return Ready(settings, function, api_package.build(settings), checked, preset)


def up(account: Account, ready: Ready) -> Iterator[Change]:
    """Bring up all parts and yield what became of each.

    Safe to run again, also after a failure anywhere in it.
    """
    settings, application = ready.settings, ready.application
    base = foundation.ensure(account, settings)
    yield base
    bucket = base.outputs["Bucket"]

    yield _upload(account, bucket, ready.spectrogram)
    function = spectrogram.template(settings, bucket, ready.spectrogram.key)
    yield ensure_stack(account, spectrogram.stack_name(settings), function)

    yield from endpoint.deploy(account, plan(ready, base.outputs), ready.model)

    yield _upload(account, bucket, application.code)
    yield _upload(account, bucket, application.layer)
    yield gateway_logs.ensure(account)
    gateway = ensure_stack(
        account, settings.api_stack, application.finished_template(settings, bucket)
    )
    yield gateway

    address = gateway.outputs["EndpointURL"].rstrip("/")
    yield from publish.publish(account, settings, address).changes

    alarms = monitoring.template(settings, instances=has_instances(ready.preset))
    yield ensure_stack(account, monitoring.stack_name(settings), alarms)


def down(account: Account, settings: Settings) -> Iterator[Change]:
    """Delete all parts and yield what became of each. What is gone already is no fault."""
    yield delete_stack(account, monitoring.stack_name(settings))
    yield publish.destroy(account, settings)
    yield delete_stack(account, settings.api_stack)
    yield from endpoint.destroy(account, settings.endpoint)
    yield delete_stack(account, spectrogram.stack_name(settings))
    yield foundation.delete(account, settings)


def stacks(settings: Settings) -> list[str]:
    """Return the names of the stage's stacks, in the order of `up`."""
    return [
        foundation.stack_name(settings),
        spectrogram.stack_name(settings),
        settings.api_stack,
        site_stack(settings),
        monitoring.stack_name(settings),
    ]


def plan(ready: Ready, outputs: dict[str, str]) -> Plan:
    """Return the endpoint as it shall be, on the foundation's outputs."""
    role, image = outputs["EndpointRoleArn"], image_uri(ready.settings.region)
    return Plan(ready.settings.endpoint, outputs["Bucket"], role, image, ready.preset)


def has_instances(preset: Preset) -> bool:
    """Tell an endpoint that always runs from a serverless one."""
    return isinstance(preset.hosting, Instances)


def resources(settings: Settings, preset: Preset) -> list[str]:
    """Return a line for each thing that `up` makes and `down` deletes, in the order of `up`."""
    alarms = len(stage_alarms(settings, instances=has_instances(preset)))
    bucket = publish.bucket_name(settings, "ACCOUNT")
    mail = (
        f"a budget of {settings.budget_dollars} $ a month; they write to {settings.alarm_email}"
        if settings.alarm_email
        else "no budget and no mail: alarm_email is not set"
    )
    return [
        f"stack {foundation.stack_name(settings)}: private bucket {settings.bucket('ACCOUNT')} for "
        "code, models and training data; the roles of endpoint and training; log retention of "
        f"{settings.log_retention_days} days",
        f"stack {spectrogram.stack_name(settings)}: Lambda {settings.spectrogram_function} with "
        f"{settings.spectrogram_memory_size:,} MB, its role and log",
        f"endpoint {settings.endpoint}, its model, configuration and scaling: {preset.describe()}",
        f"stack {gateway_logs.STACK}, where API Gateway may not write logs yet: free, of the whole "
        "account, and stays",
        f"stack {settings.api_stack}: Lambda {settings.function} with {settings.memory_size:,} MB, "
        f"its layer, role, log; REST API stage {settings.stage}, "
        f"{settings.throttle_requests_per_second} requests/s, {settings.throttle_burst} at once, "
        f"{settings.reserved_concurrency} Lambdas",
        f"stack {site_stack(settings)}: the site on bucket {bucket}, "
        + SITES[publish.default_mode(settings.stage)],
        f"stack {monitoring.stack_name(settings)}: {alarms} alarms (two in the first stack), a "
        f"dashboard, {mail}",
    ]


def _upload(account: Account, bucket: str, package: Package) -> Change:
    return s3.upload_once(account, bucket, package.key, package.path)
