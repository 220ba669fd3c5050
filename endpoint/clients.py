"""The boto3 clients of a deployment, made once and passed in."""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

# Throttling is common while many things are made; each call is safe to repeat.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5})
# The smoke question must be answered as users' questions are: at once and by the first attempt.
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, read_timeout=60)


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
