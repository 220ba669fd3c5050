"""The whole product on AWS: `make deploy`, `make destroy`, `make status` (docs/operations.md)."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from infra import config, session, stage, status
from infra.cloudformation import find_stack
from infra.endpoint.deploy import add_options
from infra.errors import DeployError, run_cli, show
from infra.stacks import foundation

# What to do after a failure of each action.
ADVICE = {
    "deploy": "Run this again to go on from here, or `make destroy` to delete it.",
    "destroy": "Run this again to delete the rest.",
    "status": "",
    "close": "",
    "open": "",
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
    text = "delete models and training data too, without a question"
    parser.add_argument("--yes", action="store_true", help=text)
    text = "deploy prod although nobody hears of its alarms"
    parser.add_argument("--no-mail", action="store_true", help=text)
    text = "print what would be done and its price; no AWS"
    parser.add_argument("--dry-run", action="store_true", help=text)
    text = "open for so many requests a second, for a load test; needs a budget"
    parser.add_argument("--per-second", type=int, help=text)
    seconds, text = session.POLL_SECONDS, "how often AWS is asked"
    parser.add_argument("--poll-seconds", type=float, default=seconds, help=text)
    return parser.parse_args(argv)


def run(given: argparse.Namespace) -> int:
    """Do what was asked, then list what exists, also after a failure; return the exit status."""
    settings = config.load(given.stage, python=given.python)
    if given.dry_run:
        show(status.dry_run(given.action, settings, given.preset))
        return 0
    if given.action == "deploy" and settings.stage == "prod" and not given.no_mail:
        refuse_without_mail(settings)
    per_second = given.per_second or settings.throttle_requests_per_second
    if per_second > settings.throttle_requests_per_second:
        refuse_without_budget(settings, per_second)
    account = session.connect(settings.region, given.poll_seconds)
    request = stage.Request(given.model, given.preset, given.clip, given.expect)
    burst = max(settings.throttle_burst, 2 * per_second if given.per_second else 0)
    steps: dict[str, Callable[[], Iterable[object]]] = {
        "deploy": lambda: stage.deploy(account, settings, request),
        "destroy": lambda: destroy(account, settings, sure=given.yes),
        "status": lambda: (),
        "close": lambda: [stage.throttle(account, settings, 0, 0)],
        "open": lambda: [stage.throttle(account, settings, per_second, burst)],
    }
    exit_status = run_cli(lambda: show(steps[given.action]()), ADVICE[given.action])
    show(status.lines(account, settings))
    return exit_status


def refuse_without_mail(settings: config.Settings) -> None:
    if not settings.alarm_email:
        raise DeployError(
            "Nobody would hear of an alarm or of the bill: set alarm_email in "
            "birdapp/.chalice/config.json, or deploy with --no-mail."
        )


def refuse_without_budget(settings: config.Settings, per_second: int) -> None:
    """Raise DeployError where a load test could cost more than the settings say, unseen."""
    if not settings.alarm_email:
        raise DeployError(
            f"{per_second} requests/s are more than the {settings.throttle_requests_per_second} "
            "of birdapp/.chalice/config.json, and there is no budget that would tell what they "
            "cost: set alarm_email there and deploy, or raise the limit itself."
        )


def destroy(account: session.Account, settings: config.Settings, *, sure: bool) -> Iterator[object]:
    """Delete all that costs, and models and data where somebody said so."""
    yield from stage.down_but_data(account, settings)
    is_gone = find_stack(account, foundation.stack_name(settings)) is None
    if sure or is_gone or is_confirmed(settings.bucket(account.account_id)):
        yield foundation.delete(account, settings)
    else:
        yield "kept      models and training data: `make destroy ARGS=--yes` deletes them"


def is_confirmed(bucket: str) -> bool:
    """Ask where somebody can answer."""
    question = f"Delete the models and training data in bucket {bucket} too? [yes/no] "
    return sys.stdin.isatty() and input(question).strip().lower() == "yes"


if __name__ == "__main__":
    sys.exit(main())
