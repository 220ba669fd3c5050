"""The whole product on AWS, up or down: `make deploy`, `make destroy`, `make status` (docs/operations.md)."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from infra import concurrency, config, cost, cost_ceiling, session, stage, status
from infra.endpoint.current import chosen_preset, find_serving
from infra.endpoint.deploy import SHIPPED_MODEL
from infra.endpoint.presets import DEFAULT_PRESET, PRESETS
from infra.endpoint.smoke_clip import smoke_clip
from infra.errors import DeployError, explain, show
from infra.session import Account, open_account

ADVICE = {
    "up": "Run this again to go on from here, or `make destroy` to delete it.",
    "down": "Run this again to delete the rest.",
    "status": "Nothing was changed.",
}


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", nargs="?", choices=tuple(ADVICE), default="up")
    parser.add_argument("--stage", default="dev", help="of birdapp/.chalice/config.json (dev)")
    parser.add_argument(
        "--model",
        help="folder, model.tar.gz or s3://...; else what is served now, at first the shipped",
    )
    parser.add_argument(
        "--clip", type=Path, help="recording that the model must answer; else one is made"
    )
    parser.add_argument("--expect", help="label that must come first for --clip")
    parser.add_argument(
        "--preset",
        choices=sorted(PRESETS),
        help=f"what the model runs on; at first {DEFAULT_PRESET}",
    )
    parser.add_argument("--python", help="the Python that runs in Lambda; else that of config.json")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done and its price; calls no AWS"
    )
    parser.add_argument(
        "--poll-seconds", type=float, default=session.POLL_SECONDS, help="how often AWS is asked"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; the exit status is 0 when all stands, or is gone, as asked."""
    given = parse_arguments(argv)
    try:
        chosen = config.load(given.stage, **({"python": given.python} if given.python else {}))
        if given.dry_run:
            show(dry_run(given, chosen))
            return 0
        return run(given, chosen, open_account(chosen, given.poll_seconds))
    except (DeployError, ClientError, BotoCoreError) as error:
        print(explain(error), file=sys.stderr)
        return 1


def run(given: argparse.Namespace, chosen: config.Settings, account: Account) -> int:
    """Do what was asked, then say what stands; after a failure too. Raises what AWS answers to that last question."""
    exit_status = 0
    try:
        show(act(given, chosen, account))
    except (DeployError, ClientError, BotoCoreError) as error:
        print(explain(error), ADVICE[given.action], file=sys.stderr)
        exit_status = 1
    show(status.lines(account, chosen))
    return exit_status


def act(given: argparse.Namespace, chosen: config.Settings, account: Account) -> Iterator[object]:
    """Bring all up, or take all down; a line for each thing that was done."""
    if given.action == "up":
        fitted = concurrency.fit(account.aws, chosen)
        yield from concurrency.note(chosen, fitted)
        clip, serving = (
            smoke_clip(given.clip, given.expect),
            find_serving(account.endpoint.sagemaker, chosen.endpoint),
        )
        model = given.model or (serving.model if serving else SHIPPED_MODEL)
        preset = chosen_preset(given.preset, serving)
        ready = stage.prepare(account, fitted, model=model, clip=clip, preset=preset)
        yield from stage.up(account, ready)
    elif given.action == "down":
        yield from stage.down(account, chosen)


def dry_run(given: argparse.Namespace, chosen: config.Settings) -> Iterator[str]:
    """Say what would be made, or deleted, and the price."""
    yield f"Stage {chosen.stage} in {chosen.region} would be {'deleted' if given.action == 'down' else 'made'}:"
    preset = chosen_preset(given.preset, None)
    yield from (f"  {resource}" for resource in stage.resources(chosen, preset))
    if given.action != "down":
        yield from cost.lines(chosen, preset.hosting)
        yield from cost_ceiling.lines(chosen, preset)


if __name__ == "__main__":
    sys.exit(main())
