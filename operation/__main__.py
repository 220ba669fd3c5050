"""Put alarms, dashboard, log retention and budget of a stage there, or take them away (docs/operations.md)."""

import argparse
import sys
from collections.abc import Sequence

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deployment import settings
from deployment.problems import DeployError
from operation.sentences import explain
from operation.watch import Mail, ensure_watch, make_watchers, remove_watch
from operation.watched import Watched


def watched_of(stage: settings.Settings, *, instances: bool = True) -> Watched:
    """Name a stage's parts as its settings do."""
    return Watched(
        stage.function, stage.stage, stage.function, stage.spectrogram_function, stage.endpoint, instances=instances
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m operation", description=__doc__)
    parser.add_argument("--stage", default="dev", help="of birdapp/.chalice/config.json (dev)")
    parser.add_argument("--email", help="who is told when an alarm fires or money runs out; else nobody")
    parser.add_argument("--budget", type=float, default=50.0, metavar="DOLLARS", help="a month, whole account (50)")
    parser.add_argument("--serverless", action="store_true", help="the endpoint is serverless")
    parser.add_argument("--destroy", action="store_true", help="take all of it away")
    given = parser.parse_args(argv)
    try:
        stage = settings.load(given.stage)
        account = boto3.client("sts", region_name=stage.region).get_caller_identity()["Account"]
        watchers, watched = make_watchers(stage.region, account), watched_of(stage, instances=not given.serverless)
        mail = Mail(given.email, given.budget) if given.email else None
        days = stage.log_retention_days
        changes = (
            remove_watch(watchers, watched)
            if given.destroy
            else ensure_watch(watchers, watched, retention_days=days, mail=mail)
        )
    except (DeployError, ClientError, BotoCoreError) as error:
        print(explain(error), file=sys.stderr)
        return 1
    print(*changes, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
