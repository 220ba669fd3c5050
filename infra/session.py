"""One account and region: its boto3 clients, made once and passed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from infra.config import Settings
from infra.errors import DeployError

# Throttling is common while many things are made; each call is safe to repeat.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5})
POLL_SECONDS = 5.0
# The smoke question must be answered as users' questions are: at once and by the first attempt.
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, read_timeout=60)
# AWS Budgets is one service for all regions; it answers here.
BUDGETS_REGION = "us-east-1"


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
        raise DeployError(
            f"There is no AWS region {region!r}: change it in birdapp/.chalice/config.json."
        )
    names = {"functions": "lambda", "gateway": "apigateway"}
    services = ("s3", "cloudformation", "functions", "gateway", "iam", "logs")
    clients = {name: session.client(names.get(name, name), config=config) for name in services}
    account = session.client("sts", config=config).get_caller_identity()["Account"]
    return Aws(account, region, **clients, poll_seconds=poll_seconds)


@dataclass(frozen=True)
class Clients:
    """One client a service, all of one region and account."""

    sagemaker: Any
    runtime: Any
    autoscaling: Any
    cloudwatch: Any
    s3: Any
    iam: Any
    sts: Any


def make_clients(region: str) -> Clients:
    """Make them with the credentials of the environment."""
    session = boto3.session.Session(region_name=region)
    return Clients(
        sagemaker=session.client("sagemaker", config=CONFIG),
        runtime=session.client("sagemaker-runtime", config=ONE_ATTEMPT),
        autoscaling=session.client("application-autoscaling", config=CONFIG),
        cloudwatch=session.client("cloudwatch", config=CONFIG),
        s3=session.client("s3", config=CONFIG),
        iam=session.client("iam", config=CONFIG),
        sts=session.client("sts", config=CONFIG),
    )


def account_id(clients: Clients) -> str:
    """Ask AWS whose credentials these are."""
    return str(clients.sts.get_caller_identity()["Account"])


@dataclass(frozen=True)
class Watchers:
    """The clients of one account and region."""

    account: str
    region: str
    cloudwatch: Any
    logs: Any
    sns: Any
    budgets: Any


def make_watchers(region: str, account: str, config: Any = None) -> Watchers:
    """Make the clients with the credentials of the environment."""
    session = boto3.session.Session(region_name=region)
    clients = {name: session.client(name, config=config) for name in ("cloudwatch", "logs", "sns")}
    budgets = session.client("budgets", region_name=BUDGETS_REGION, config=config)
    return Watchers(account, region, budgets=budgets, **clients)


@dataclass(frozen=True)
class SiteClients:
    """What publishing the page needs."""

    s3: Any
    cloudfront: Any


@dataclass(frozen=True)
class Account:
    """The clients of each part."""

    aws: Aws
    endpoint: Clients
    site: SiteClients
    watchers: Watchers

    def clients(self) -> Iterator[Any]:
        """Every boto3 client."""
        for part in vars(self).values():
            yield from (client for client in vars(part).values() if hasattr(client, "meta"))


def open_account(settings: Settings, poll_seconds: float = POLL_SECONDS) -> Account:
    """Make the clients with the credentials of the environment. Raises DeployError on a region that is none."""
    aws = connect(settings.region, poll_seconds=poll_seconds)
    watchers = make_watchers(settings.region, aws.account, config=CONFIG)
    session = boto3.session.Session(region_name=settings.region)
    site = SiteClients(
        session.client("s3", config=CONFIG), session.client("cloudfront", config=CONFIG)
    )
    return Account(aws, make_clients(settings.region), site, watchers)
