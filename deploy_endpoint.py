"""Model artefact -> checks -> SageMaker endpoint -> autoscaling; refuses what does not fit (docs/operations.md)."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from deployment import settings
from deployment.problems import in_a_sentence
from endpoint.autoscaling import ensure_scaling, remove_scaling
from endpoint.clients import Clients, account_id, make_clients
from endpoint.clip import smoke_clip
from endpoint.image import image_uri
from endpoint.model import CheckedModel, check_model
from endpoint.plan import Plan, candidate_name
from endpoint.presets import DEFAULT_PRESET, PRESETS, Preset
from endpoint.prices import break_even, dollars_a_month
from endpoint.resources import MISSING, delete_endpoint, ensure_config, ensure_model, list_configs, list_models
from endpoint.role import delete_role, ensure_role, policy, role_arn
from endpoint.rollout import roll_back, roll_out
from endpoint.serving import chosen_preset, find_serving
from endpoint.traffic import guards
from endpoint.upload import ensure_bucket, ensure_private, ensure_uploaded
from operation.alarms import delete_alarms, endpoint_alarms, ensure_alarms
from operation.change import Change, delete_if_there

SHIPPED_MODEL = "training/model"
# The sizes for which prices are shown.
CLIPS_A_DAY = (0, 1_000, 100_000)


def deploy(clients: Clients, plan: Plan, model: CheckedModel, topic_arn: str | None = None) -> list[Change]:
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
    return changes + ensure_scaling(clients.autoscaling, clients.cloudwatch, endpoint=plan.endpoint, scaling=scaling)


def destroy(clients: Clients, endpoint: str, *, poll_seconds: float = 15.0) -> list[Change]:
    """Delete all that was made for an endpoint, but for the bucket: it may hold training data too."""
    sagemaker = clients.sagemaker
    changes = remove_scaling(clients.autoscaling, endpoint)
    changes += [delete_endpoint(sagemaker, name, poll_seconds) for name in (candidate_name(endpoint), endpoint)]
    for name in list_configs(sagemaker, endpoint):
        resource, call = f"endpoint configuration {name}", sagemaker.delete_endpoint_config
        changes.append(delete_if_there(resource, call, missing=MISSING, EndpointConfigName=name))
    for name in list_models(sagemaker, endpoint):
        changes.append(delete_if_there(f"model {name}", sagemaker.delete_model, missing=MISSING, ModelName=name))
    changes += delete_alarms(clients.cloudwatch, guards(endpoint))
    return [*changes, delete_role(clients.iam, endpoint)]


def price_lines(preset: Preset) -> list[str]:
    """Say what the hosting costs a month, and where serverless stops being cheaper."""
    prices = (f"{clips:,} clips a day: {dollars_a_month(preset.hosting, clips):,.2f} $" for clips in CLIPS_A_DAY)
    turn = break_even(PRESETS["serverless"].hosting, PRESETS[DEFAULT_PRESET].hosting)
    return [
        preset.describe(),
        f"A month, one instance, us-east-1 list price, no traffic charges: {', '.join(prices)}",
        f"Serverless is cheaper than one instance of `{DEFAULT_PRESET}` up to {turn:,} requests a day.",
    ]


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=SHIPPED_MODEL, help="folder, model.tar.gz or s3://bucket/key")
    parser.add_argument("--stage", default="dev", help="of birdapp/.chalice/config.json (dev)")
    parser.add_argument("--endpoint", help="another name")
    parser.add_argument("--region", help="another AWS region")
    parser.add_argument("--bucket", help="the private bucket of the models")
    parser.add_argument("--role", help="ARN of the role that SageMaker takes to read the model")
    hosting = parser.add_mutually_exclusive_group()
    hosting.add_argument("--preset", choices=sorted(PRESETS), help=f"else what stands, at first {DEFAULT_PRESET}")
    hosting.add_argument("--serverless", dest="preset", action="store_const", const="serverless")
    parser.add_argument("--sha256", help="of the archive, or of the archive that a folder packs to; else any")
    parser.add_argument("--clip", type=Path, help="recording for the smoke request, MP3 or another; else one is made")
    parser.add_argument("--expect", help="label that must come first for --clip")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--dry-run", action="store_true", help="check and price, call nothing that makes anything")
    action.add_argument("--rollback", action="store_true", help="return to the model that served before")
    action.add_argument("--destroy", action="store_true", help="delete the endpoint and all that belongs to it")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 0 when all stands as asked."""
    arguments = parse_arguments(argv)
    return in_a_sentence(lambda: show(run(arguments)))


def show(lines: Iterable[object]) -> None:
    """Print each line when it comes."""
    for line in lines:
        print(line, flush=True)


def run(arguments: argparse.Namespace) -> Iterator[str]:
    """Do what was asked and yield one line for each thing that was done."""
    stage = settings.load(arguments.stage, **({"region": arguments.region} if arguments.region else {}))
    endpoint = arguments.endpoint or stage.endpoint
    clients = make_clients(stage.region)
    if arguments.rollback:
        yield str(roll_back(clients, endpoint))
    elif arguments.destroy:
        yield from map(str, destroy(clients, endpoint))
    else:
        model = check(arguments, clients)
        yield f"Checked: version {model.version}, {len(model.reference['labels'])} species, sha256 {model.sha256}"
        serving = None if arguments.dry_run else find_serving(clients.sagemaker, endpoint)
        preset = chosen_preset(arguments.preset, serving)
        yield from price_lines(preset)
        if not arguments.dry_run:
            yield from make(arguments, clients, plan_for(arguments, clients, stage, preset), model)


def check(arguments: argparse.Namespace, clients: Clients) -> CheckedModel:
    """Check the model that was given against the clip that was given, or the made one."""
    clip = smoke_clip(arguments.clip, arguments.expect)
    return check_model(arguments.model, clip, s3=clients.s3, expected_sha256=arguments.sha256)


def plan_for(arguments: argparse.Namespace, clients: Clients, stage: settings.Settings, preset: Preset) -> Plan:
    """Say what shall stand: as the stage has it, where the command line says nothing else."""
    account, endpoint = account_id(clients), arguments.endpoint or stage.endpoint
    bucket, role = arguments.bucket or stage.bucket(account), arguments.role or role_arn(endpoint, account)
    return Plan(endpoint, bucket, role, image_uri(stage.region), preset)


def make(arguments: argparse.Namespace, clients: Clients, plan: Plan, model: CheckedModel) -> Iterator[str]:
    """Make role and endpoint; yield what became of each part."""
    if not arguments.role:
        wanted = policy(plan.endpoint, plan.bucket, clients.sagemaker.meta.region_name, account_id(clients))
        yield str(ensure_role(clients.iam, plan.endpoint, wanted))
    yield from map(str, deploy(clients, plan, model))


if __name__ == "__main__":
    sys.exit(main())
