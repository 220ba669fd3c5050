"""One account and region: its boto3 clients, made once and passed in."""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from .problems import DeployError

# Throttling is common while many things are made; each call is safe to repeat.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5})
POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Aws:
    """Who pays and where. CloudFormation and SageMaker are asked every `poll_seconds` whether they are done."""

    account: str
    region: str
    s3: Any
    cloudformation: Any
    functions: Any
    gateway: Any
    iam: Any
    logs: Any
    poll_seconds: float = POLL_SECONDS


def connect(region: str, config: Config = CONFIG, poll_seconds: float = POLL_SECONDS) -> Aws:
    """Make the clients with the credentials of the environment, and see whose they are. Raises DeployError."""
    session = boto3.session.Session(region_name=region)
    if region not in session.get_available_regions("lambda"):
        raise DeployError(f"There is no AWS region {region!r}: change it in birdapp/.chalice/config.json.")
    names = {"functions": "lambda", "gateway": "apigateway"}
    services = ("s3", "cloudformation", "functions", "gateway", "iam", "logs")
    clients = {name: session.client(names.get(name, name), config=config) for name in services}
    account = session.client("sts", config=config).get_caller_identity()["Account"]
    return Aws(account, region, **clients, poll_seconds=poll_seconds)
