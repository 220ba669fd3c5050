"""One AWS account and region: its boto3 clients, each made once, when it is first used."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from infra.errors import DeployError

if TYPE_CHECKING:
    # Types alone, from requirements-dev: nothing that runs needs them.
    from botocore.client import BaseClient
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sts import STSClient

# Throttling is common while many things are made; each call is safe to repeat.
RETRIES = Config(retries={"mode": "standard", "max_attempts": 5})
# The smoke clip must be answered as users' recordings are: at once and by the first attempt.
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, read_timeout=60)
POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Account:
    """The clients of one account and region. Who waits for AWS asks it every `poll_seconds`."""

    region: str
    poll_seconds: float = POLL_SECONDS
    boto3_session: boto3.session.Session = field(default_factory=boto3.session.Session, repr=False)

    @cached_property
    def account_id(self) -> str:
        """The twelve digits of the account that the credentials belong to."""
        return self.sts.get_caller_identity()["Account"]

    @cached_property
    def autoscaling(self) -> ApplicationAutoScalingClient:
        return self.boto3_session.client("application-autoscaling", self.region, config=RETRIES)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        return self.boto3_session.client("cloudformation", self.region, config=RETRIES)

    @cached_property
    def cloudwatch(self) -> CloudWatchClient:
        return self.boto3_session.client("cloudwatch", self.region, config=RETRIES)

    @cached_property
    def functions(self) -> LambdaClient:
        return self.boto3_session.client("lambda", self.region, config=RETRIES)

    @cached_property
    def gateway(self) -> APIGatewayClient:
        return self.boto3_session.client("apigateway", self.region, config=RETRIES)

    @cached_property
    def runtime(self) -> SageMakerRuntimeClient:
        return self.boto3_session.client("sagemaker-runtime", self.region, config=ONE_ATTEMPT)

    @cached_property
    def s3(self) -> S3Client:
        return self.boto3_session.client("s3", self.region, config=RETRIES)

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        return self.boto3_session.client("sagemaker", self.region, config=RETRIES)

    @cached_property
    def sts(self) -> STSClient:
        return self.boto3_session.client("sts", self.region, config=RETRIES)

    def clients(self) -> list[BaseClient]:
        """Return every client."""
        names = (name for name, made in vars(Account).items() if isinstance(made, cached_property))
        return [getattr(self, name) for name in names if name != "account_id"]


def connect(region: str, poll_seconds: float = POLL_SECONDS) -> Account:
    """Return the account of the environment's credentials. Raises DeployError on no region of AWS.

    Asks AWS whose credentials they are, so that bad ones end a run before anything else does.
    """
    account = Account(region, poll_seconds)
    if region not in account.boto3_session.get_available_regions("lambda"):
        raise DeployError(
            f"There is no AWS region {region!r}: change it in birdapp/.chalice/config.json."
        )
    _ = account.account_id
    return account
