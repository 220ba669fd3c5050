"""One account and region: all clients of a deployment, made once and passed on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from endpoint.clients import Clients, make_clients
from operation.watch import Watchers, make_watchers

from .aws import CONFIG, POLL_SECONDS, Aws, connect
from .settings import Settings


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
    site = SiteClients(session.client("s3", config=CONFIG), session.client("cloudfront", config=CONFIG))
    return Account(aws, make_clients(settings.region), site, watchers)
