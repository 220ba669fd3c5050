"""All parts in their order: up, each on what is there before it; down, the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra import hosting, s3, session
from infra.change import Change
from infra.cloudformation import delete_stack, ensure_stack, read_outputs
from infra.config import Settings
from infra.endpoint import deploy as endpoint
from infra.endpoint.checks import Clip
from infra.endpoint.model import CheckedModel, check_model
from infra.endpoint.presets import Preset
from infra.errors import DeployError
from infra.packages import bundles
from infra.packages.zips import Package
from infra.session import Account
from infra.site import publish
from infra.stacks import foundation, functions, monitoring
from infra.stacks.site import stack_name as site_stack


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    Without a model or preset the deployed one stays, at first the shipped and the default one.
    Without a clip one is made; `expect` is the label that must come first for it.
    """

    model: str | None = None
    preset: str | None = None
    clip: Path | None = None
    expect: str | None = None


@dataclass(frozen=True)
class Ready:
    """What was built and checked on this machine, before anything is made or paid for."""

    settings: Settings
    spectrogram: Package
    application: bundles.Application
    model: CheckedModel
    preset: Preset


def deploy(account: Account, settings: Settings, request: Request) -> Iterator[object]:
    """Bring everything up; yield a line for each thing that was done. Safe to run again."""
    # It brings numpy and scipy, which a dry run does without.
    from infra.endpoint.smoke_clip import read_or_make_clip  # noqa: PLC0415

    clip = read_or_make_clip(request.clip, request.expect)
    deployed = hosting.find_deployed(account, settings)
    model = request.model or (deployed.model if deployed else endpoint.SHIPPED_MODEL)
    preset = endpoint.choose_preset(request.preset, deployed)
    fitted = session.fit_concurrency(account, settings, preset.hosting.kind)
    yield from session.concurrency_note(settings, fitted)
    ready = prepare(account, fitted, model=model, clip=clip, preset=preset)
    yield from up(account, ready)


def prepare(
    account: Account, settings: Settings, *, model: str, clip: Clip, preset: Preset
) -> Ready:
    """Check the model and build the packages. Raises DeployError with all that is wrong."""
    checked = check_model(model, clip, preset.hosting, s3=account.s3)
    function = bundles.build_spectrogram(settings.python)
    return Ready(settings, function, bundles.build_application(settings), checked, preset)


def up(account: Account, ready: Ready) -> Iterator[Change]:
    """Bring up all parts and yield what became of each. Safe to run again after any failure."""
    settings, application = ready.settings, ready.application
    base = foundation.ensure(account, settings)
    yield base
    # The guards before all that costs or that strangers can reach.
    kind = ready.preset.hosting.kind
    alarms = monitoring.template(settings, kind)
    yield ensure_stack(account, monitoring.stack_name(settings), alarms)
    yield foundation.ensure_job_logs(account, settings)
    bucket = base.outputs["Bucket"]

    yield _upload(account, bucket, ready.spectrogram)
    function = functions.spectrogram(settings, bucket, ready.spectrogram.key)
    yield ensure_stack(account, functions.spectrogram_stack(settings), function)

    yield from hosting.deploy(account, settings, base, ready.preset, ready.model)

    yield _upload(account, bucket, application.code)
    yield _upload(account, bucket, application.layer)
    template = application.finished_template(settings, bucket, kind)
    api = ensure_stack(account, settings.api_stack, template)
    yield api
    yield from hosting.delete_other(account, settings, ready.preset)

    address = api.outputs["EndpointURL"].rstrip("/")
    # Last, for it is what fails most in new accounts.
    try:
        yield from publish.publish(account, settings, address)
    except DeployError as error:
        raise DeployError(f"The API is up and watched, the page is not. {error}") from error


def down(account: Account, settings: Settings) -> Iterator[Change]:
    """Delete all parts and yield what became of each. What is gone already is no fault."""
    yield from down_but_data(account, settings)
    yield foundation.delete(account, settings)


def down_but_data(account: Account, settings: Settings) -> Iterator[Change]:
    """Delete what costs by the hour, what strangers reach, and all else but models and data."""
    yield from hosting.destroy(account, settings)
    yield delete_stack(account, monitoring.stack_name(settings))
    yield delete_stack(account, settings.api_stack)
    yield delete_stack(account, functions.spectrogram_stack(settings))
    # CloudFront takes a quarter of an hour.
    yield publish.destroy(account, settings)


def throttle(account: Account, settings: Settings, per_second: int, burst: int) -> str:
    """Let the API answer so many requests; 0 closes it within a minute, for all and at once.

    docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
    """
    api = read_outputs(account, settings.api_stack)["RestAPIId"]
    path = "/*/*/throttling"
    limits = {f"{path}/rateLimit": str(per_second), f"{path}/burstLimit": str(burst)}
    account.gateway.update_stage(
        restApiId=api,
        stageName=settings.stage,
        patchOperations=[{"op": "replace", "path": it, "value": limits[it]} for it in limits],
    )
    return f"The API of stage {settings.stage} answers {per_second} requests/s, {burst} at once."


def stacks(settings: Settings) -> list[str]:
    """Return the names of the stage's stacks, in the order of `up`."""
    return [
        foundation.stack_name(settings),
        monitoring.stack_name(settings),
        functions.spectrogram_stack(settings),
        functions.classifier_stack(settings),
        settings.api_stack,
        site_stack(settings),
    ]


def _upload(account: Account, bucket: str, package: Package) -> Change:
    return s3.upload_once(account, bucket, package.key, package.path.read_bytes())
