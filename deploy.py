"""The whole product on AWS: `make deploy`, `make destroy`, `make status` (docs/operations.md)."""

import argparse
import sys
from collections.abc import Iterable, Sequence

from infra import config, session, stage, status
from infra.endpoint.deploy import add_options
from infra.errors import run_cli, show

# What to do after a failure of each action.
ADVICE = {
    "deploy": "Run this again to go on from here, or `make destroy` to delete it.",
    "destroy": "Run this again to delete the rest.",
    "status": "",
}


def main(argv: Sequence[str] | None = None) -> int:
    given = parse_arguments(argv)
    return run_cli(lambda: run(given))


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", nargs="?", choices=tuple(ADVICE), default="deploy")
    add_options(parser)
    parser.add_argument(
        "--model",
        help="folder, model.tar.gz or s3://...; otherwise the deployed one, at first the shipped",
    )
    parser.add_argument("--python", help="the Python that runs in Lambda (that of config.json)")
    text = "print what would be done and its price; no AWS"
    parser.add_argument("--dry-run", action="store_true", help=text)
    seconds, text = session.POLL_SECONDS, "how often AWS is asked"
    parser.add_argument("--poll-seconds", type=float, default=seconds, help=text)
    return parser.parse_args(argv)


def run(given: argparse.Namespace) -> int:
    """Do what was asked, then list what exists, also after a failure; return the exit status."""
    settings = config.load(given.stage, python=given.python)
    if given.dry_run:
        show(status.dry_run(given.action, settings, given.preset))
        return 0
    account = session.connect(settings.region, given.poll_seconds)
    request = stage.Request(given.model, given.preset, given.clip, given.expect)
    # Generators: only the one that is shown does anything.
    steps: dict[str, Iterable[object]] = {
        "deploy": stage.deploy(account, settings, request),
        "destroy": stage.down(account, settings),
        "status": (),
    }
    exit_status = run_cli(lambda: show(steps[given.action]), ADVICE[given.action])
    show(status.lines(account, settings))
    return exit_status


if __name__ == "__main__":
    sys.exit(main())
