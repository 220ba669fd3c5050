"""A model on its endpoint or Lambda: checked, deployed, rolled back (docs/operations.md)."""

import argparse
import sys
from collections.abc import Iterator, Sequence

from infra import config, cost, hosting
from infra.endpoint import deploy
from infra.endpoint.model import check_model
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
        yield hosting.roll_back(account, settings, make_clip())
    elif given.destroy:
        yield from hosting.destroy(account, settings)
    else:
        deployed = None if given.dry_run else hosting.find_deployed(account, settings)
        preset = deploy.choose_preset(given.preset, deployed)
        hosting.refuse_other(deployed, preset)
        model = check_model(
            given.model,
            read_or_make_clip(given.clip, given.expect),
            preset.hosting,
            s3=account.s3,
            expected_sha256=given.sha256,
        )
        yield f"Checked: {model}"
        yield from [preset.describe(), *cost.comparison()]
        if not given.dry_run:
            base = foundation.ensure(account, settings)
            yield base
            yield from hosting.deploy(account, settings, base, preset, model)


if __name__ == "__main__":
    sys.exit(main())
