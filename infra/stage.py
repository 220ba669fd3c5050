"""All parts in their order: up, each on what stands before it; down, the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra import cloudformation, s3
from infra.change import Change
from infra.config import Settings
from infra.endpoint import deploy
from infra.endpoint.images import image_uri
from infra.endpoint.model import CheckedModel, check_model
from infra.endpoint.plan import Plan
from infra.endpoint.presets import Instances, Preset
from infra.endpoint.role import ensure_role, policy, role_arn
from infra.endpoint.smoke_clip import Clip
from infra.monitoring.alarms import Watched, stage_alarms
from infra.monitoring.monitor import Mail, ensure_watch, remove_watch
from infra.packages import api, zips
from infra.packages import spectrogram as spectrogram_package
from infra.s3 import delete_bucket
from infra.session import Account
from infra.site import publish
from infra.stacks import gateway_logs, training_role
from infra.stacks import spectrogram as spectrogram_stack
from infra.stacks.api import Application

SITES = {
    publish.WEBSITE: "public, HTTP (website)",
    publish.CLOUDFRONT: "private, behind a CloudFront distribution with its access control and security headers",
}


@dataclass(frozen=True)
class Ready:
    """What was built and checked on this machine, before anything is made or paid for."""

    settings: Settings
    spectrogram: zips.Package
    application: Application
    model: CheckedModel
    preset: Preset


def prepare(
    account: Account, settings: Settings, *, model: str, clip: Clip, preset: Preset
) -> Ready:
    """Check the model and build the packages. Raises DeployError with all that is wrong."""
    checked = check_model(model, clip, s3=account.endpoint.s3)
    return Ready(
        settings, spectrogram_package.build(settings.python), api.build(settings), checked, preset
    )


def up(account: Account, ready: Ready) -> Iterator[Change]:
    """Bring up all parts and yield what became of each. Safe to run again, also after a failure anywhere in it."""
    seen = set()
    for change in _steps(account, ready):
        # Two parts see to the bucket that they share; the first one says it.
        if change.resource not in seen:
            seen.add(change.resource)
            yield change


def _steps(account: Account, ready: Ready) -> Iterator[Change]:
    aws, settings = account.aws, ready.settings
    name = settings.bucket(aws.account)
    yield from spectrogram_stack.deploy(aws, settings, ready.spectrogram)
    yield cloudformation.ensure_stack(
        aws, training_role.stack_name(settings), training_role.template(settings, name)
    )
    yield from _endpoint(account, ready)
    yield from (
        s3.upload_package(aws, name, package)
        for package in (ready.application.code, ready.application.layer)
    )
    yield gateway_logs.ensure(aws)
    yield cloudformation.ensure_stack(
        aws, settings.api_stack, ready.application.finished_template(settings, name)
    )
    yield from _site(account, settings)
    yield from ensure_watch(
        account.watchers,
        watched(settings, ready.preset),
        retention_days=settings.log_retention_days,
        mail=Mail(settings.alarm_email, settings.budget_dollars) if settings.alarm_email else None,
    )


def down(account: Account, settings: Settings) -> Iterator[Change]:
    """Delete all parts and yield what became of each. What is gone already is no fault."""
    aws, site = account.aws, publish.bucket_name(settings, account.aws.account)
    yield from publish.destroy(
        account.site.s3, account.site.cloudfront, site, poll_seconds=aws.poll_seconds
    )
    yield cloudformation.delete_stack(aws, settings.api_stack)
    yield from deploy.destroy(account.endpoint, settings.endpoint, poll_seconds=aws.poll_seconds)
    yield cloudformation.delete_stack(aws, training_role.stack_name(settings))
    yield from spectrogram_stack.destroy(aws, settings)
    yield delete_bucket(aws.s3, settings.bucket(aws.account))
    # Last: SageMaker writes to its log until the end.
    yield from remove_watch(account.watchers, watched(settings))


def resources(settings: Settings, preset: Preset) -> list[str]:
    """Say what `up` makes and `down` deletes, in the order of `up`."""
    return [
        f"bucket {settings.bucket('ACCOUNT')}: code, models, training data; private",
        f"stack {spectrogram_stack.stack_name(settings)}: Lambda {settings.spectrogram_function} with "
        f"{settings.spectrogram_memory_size:,} MB, its role and log",
        f"stack {training_role.stack_name(settings)}: the role of training jobs",
        f"endpoint {settings.endpoint}, its model, configuration, scaling and role: {preset.describe()}",
        f"stack {settings.api_stack}: Lambda {settings.function} with {settings.memory_size:,} MB, its layer, role, "
        f"log; REST API stage {settings.stage}, {settings.throttle_requests_per_second} requests/s, "
        f"{settings.throttle_burst} at once, {settings.reserved_concurrency} Lambdas",
        "role api-gateway-logs, where API Gateway has none yet: free, of the whole account, and stays",
        f"site on bucket {publish.bucket_name(settings, 'ACCOUNT')}: "
        + SITES[publish.default_mode(settings.stage)],
        f"{len(stage_alarms(watched(settings, preset)))} alarms, a dashboard, log retention of "
        f"{settings.log_retention_days} days, "
        + (
            f"a topic and a budget of {settings.budget_dollars} $ a month that write to {settings.alarm_email}"
            if settings.alarm_email
            else "no budget and no mail: alarm_email is not set"
        ),
    ]


def _site(account: Account, settings: Settings) -> list[Change]:
    aws = account.aws
    bucket_name, mode = (
        publish.bucket_name(settings, aws.account),
        publish.default_mode(settings.stage),
    )
    site = publish.Site(
        bucket_name,
        settings.region,
        cloudformation.api_address(aws, settings),
        mode,
        aws.poll_seconds,
    )
    return publish.publish(account.site.s3, account.site.cloudfront, site).changes


def watched(settings: Settings, preset: Preset | None = None) -> Watched:
    """Name what is watched; without a preset everything that ever was."""
    instances = preset is None or isinstance(preset.hosting, Instances)
    functions = settings.function, settings.spectrogram_function
    return Watched(settings.function, settings.stage, *functions, settings.endpoint, instances)


def _endpoint(account: Account, ready: Ready) -> Iterator[Change]:
    aws, clients = account.aws, account.endpoint
    endpoint, name = ready.settings.endpoint, ready.settings.bucket(aws.account)
    wanted = policy(endpoint, name, aws.region, aws.account)
    yield ensure_role(clients.iam, endpoint, wanted, spread_seconds=2 * aws.poll_seconds)
    plan = Plan(
        endpoint,
        name,
        role_arn(endpoint, aws.account),
        image_uri(aws.region),
        ready.preset,
        aws.poll_seconds,
    )
    yield from deploy.deploy(clients, plan, ready.model)
