"""What a deploy of a stage would make, and what exists of it on AWS, asked there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra import cost, cost_ceiling
from infra.alarms import stage_alarms
from infra.cloudformation import find_stack, outputs
from infra.config import Settings
from infra.endpoint.deploy import choose_preset
from infra.endpoint.plan import candidate_name, image_uri
from infra.endpoint.presets import Function, Preset
from infra.endpoint.sagemaker import find_endpoint, list_configs, list_models
from infra.session import Account
from infra.site import publish
from infra.stacks import foundation, functions, monitoring
from infra.stacks.site import CLOUDFRONT, WEBSITE
from infra.stacks.site import stack_name as site_stack
from infra.stage import stacks

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

SITES = {
    WEBSITE: "public, HTTP (website)",
    CLOUDFRONT: "private, behind a CloudFront distribution with its access control and security "
    "headers",
}
# An output of a stack -> the line that shows it.
SHOWN = {
    "Address": "site {}",
    "EndpointURL": "API {}",
    "Bucket": "bucket {} (code, models, training data)",
}


def dry_run(action: str, settings: Settings, preset_name: str | None) -> Iterator[str]:
    """Yield what a deploy or destroy of a stage would make or delete, and the price. No AWS."""
    preset = choose_preset(preset_name, None)
    # It knows the Regions that have the endpoint's image.
    image_uri(settings.region)
    done = "deleted" if action == "destroy" else "made"
    yield f"Stage {settings.stage} in {settings.region} would be {done}:"
    yield from (f"  {resource}" for resource in resources(settings, preset))
    if action != "destroy":
        yield from cost.lines(settings, preset.hosting)
        yield from cost_ceiling.lines(settings, preset)


def resources(settings: Settings, preset: Preset) -> list[str]:
    """Return a line for each thing that `up` makes and `down` deletes, in the order of `up`."""
    alarms = len(stage_alarms(settings, preset.hosting.kind))
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
        f"stack {foundation.JOB_LOGS_STACK}: log retention of training jobs, of the whole account; "
        "free, and stays",
        f"stack {functions.spectrogram_stack(settings)}: Lambda {settings.spectrogram_function} "
        f"with {settings.spectrogram_memory_size:,} MB, its role and log",
        _model(settings, preset),
        f"stack {settings.api_stack}: Lambda {settings.function} with {settings.memory_size:,} MB, "
        f"its layer, role, log; REST API stage {settings.stage}, "
        f"{settings.throttle_requests_per_second} requests/s, {settings.throttle_burst} at once, "
        f"{settings.reserved_concurrency} Lambdas",
        f"stack {site_stack(settings)}: the site on bucket {bucket}, " + SITES[settings.site_mode],
        f"stack {monitoring.stack_name(settings)}: {alarms} alarms (two in the first stack), a "
        f"dashboard, {mail}",
    ]


def _model(settings: Settings, preset: Preset) -> str:
    if isinstance(preset.hosting, Function):
        stack = f"stack {functions.classifier_stack(settings)}: Lambda {settings.endpoint}"
        return f"{stack}, its versions, alias, role, log and alarms: {preset.describe()}"
    what = f"endpoint {settings.endpoint}, its model, configuration and scaling"
    return f"{what}: {preset.describe()}"


def list_existing(account: Account, settings: Settings) -> list[str]:
    """Return a line for each thing that exists, those that cost by the hour first."""
    return [*_endpoints(account, settings), *_stacks(account, settings)]


def lines(account: Account, settings: Settings) -> list[str]:
    found = list_existing(account, settings)
    if not found:
        return [f"Nothing of stage {settings.stage} exists in {settings.region}."]
    return [f"Stage {settings.stage} in {settings.region} has:", *(f"  {it}" for it in found)]


def _endpoints(account: Account, settings: Settings) -> list[str]:
    names = (settings.endpoint, candidate_name(settings.endpoint))
    found = [it for name in names if (it := find_endpoint(account.sagemaker, name))]
    states = [f"{it['EndpointName']}: {it['EndpointStatus']}" for it in found]
    configs = list_configs(account.sagemaker, settings.endpoint)
    models = list_models(account.sagemaker, settings.endpoint)
    return [
        *(f"endpoint {state} (paid by the hour)" for state in states),
        *(f"endpoint configuration {name}" for name in configs),
        *(f"model {name}" for name in models),
    ]


def _stacks(account: Account, settings: Settings) -> list[str]:
    found = [stack for name in stacks(settings) if (stack := find_stack(account, name))]
    addresses = [line for stack in found for line in _shown(stack)]
    return addresses + [f"stack {stack['StackName']}: {stack['StackStatus']}" for stack in found]


def _shown(stack: StackTypeDef) -> list[str]:
    named = outputs(stack)
    return [text.format(named[key].rstrip("/")) for key, text in SHOWN.items() if key in named]
