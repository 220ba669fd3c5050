"""A model on its SageMaker endpoint: checked, deployed, rolled back (docs/operations.md)."""

import argparse
import sys
from collections.abc import Iterator, Sequence

from infra import config
from infra.cost import price_lines
from infra.endpoint import deploy
from infra.endpoint.model import check_model
from infra.endpoint.plan import Plan
from infra.endpoint.rollout import roll_back
from infra.endpoint.smoke_clip import make_clip, read_or_make_clip
from infra.errors import run_cli, show
from infra.session import Account
from infra.stacks import foundation


def main(argv: Sequence[str] | None = None) -> int:
    given = parse_arguments(argv)
    return run_cli(lambda: show(run(given)))


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    shipped, text = deploy.SHIPPED_MODEL, "folder, model.tar.gz or s3://bucket/key"
    parser.add_argument("model", nargs="?", default=shipped, help=text)
    deploy.add_options(parser)
    parser.add_argument("--sha256", help="of the archive, or of what a folder packs to (any)")
    action = parser.add_mutually_exclusive_group()
    text = "check and print the price; change nothing"
    action.add_argument("--dry-run", action="store_true", help=text)
    action.add_argument("--rollback", action="store_true", help="return to the model before")
    text = "delete the endpoint and all that belongs to it"
    action.add_argument("--destroy", action="store_true", help=text)
    return parser.parse_args(argv)


def run(given: argparse.Namespace) -> Iterator[object]:
    settings = config.load(given.stage)
    account = Account(settings.region)
    if given.rollback:
        yield roll_back(account, settings.endpoint, make_clip())
    elif given.destroy:
        yield from deploy.destroy(account, settings.endpoint)
    else:
        clip = read_or_make_clip(given.clip, given.expect)
        model = check_model(given.model, clip, s3=account.s3, expected_sha256=given.sha256)
        yield f"Checked: {model}"
        if given.dry_run:
            yield from price_lines(deploy.choose_preset(given.preset, None))
        else:
            deployed = deploy.find_deployed(account.sagemaker, settings.endpoint)
            preset = deploy.choose_preset(given.preset, deployed)
            yield from price_lines(preset)
            base = foundation.ensure(account, settings)
            yield base
            yield from deploy.deploy(account, Plan.on(settings, base.outputs, preset), model)


if __name__ == "__main__":
    sys.exit(main())
