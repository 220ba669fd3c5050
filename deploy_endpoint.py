"""Model artefact -> checks -> SageMaker endpoint -> autoscaling; refuses what does not fit (docs/operations.md)."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra import config
from infra.cost import price_lines
from infra.endpoint.current import chosen_preset, find_serving
from infra.endpoint.deploy import SHIPPED_MODEL, check, destroy, make, plan_for
from infra.endpoint.presets import DEFAULT_PRESET, PRESETS
from infra.endpoint.rollout import roll_back
from infra.errors import in_a_sentence, show
from infra.session import make_clients


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "model", nargs="?", default=SHIPPED_MODEL, help="folder, model.tar.gz or s3://bucket/key"
    )
    parser.add_argument("--stage", default="dev", help="of birdapp/.chalice/config.json (dev)")
    parser.add_argument("--endpoint", help="another name")
    parser.add_argument("--region", help="another AWS region")
    parser.add_argument("--bucket", help="the private bucket of the models")
    parser.add_argument("--role", help="ARN of the role that SageMaker takes to read the model")
    hosting = parser.add_mutually_exclusive_group()
    hosting.add_argument(
        "--preset", choices=sorted(PRESETS), help=f"else what stands, at first {DEFAULT_PRESET}"
    )
    hosting.add_argument("--serverless", dest="preset", action="store_const", const="serverless")
    parser.add_argument(
        "--sha256", help="of the archive, or of the archive that a folder packs to; else any"
    )
    parser.add_argument(
        "--clip",
        type=Path,
        help="recording for the smoke request, MP3 or another; else one is made",
    )
    parser.add_argument("--expect", help="label that must come first for --clip")
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--dry-run", action="store_true", help="check and price, call nothing that makes anything"
    )
    action.add_argument(
        "--rollback", action="store_true", help="return to the model that served before"
    )
    action.add_argument(
        "--destroy", action="store_true", help="delete the endpoint and all that belongs to it"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 0 when all stands as asked."""
    arguments = parse_arguments(argv)
    return in_a_sentence(lambda: show(run(arguments)))


def run(arguments: argparse.Namespace) -> Iterator[str]:
    """Do what was asked and yield one line for each thing that was done."""
    stage = config.load(
        arguments.stage, **({"region": arguments.region} if arguments.region else {})
    )
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


if __name__ == "__main__":
    sys.exit(main())
