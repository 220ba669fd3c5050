"""One AWS account and region: its boto3 clients, each made when first used, and its room."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.alarms import Kind
from infra.config import Settings
from infra.errors import DeployError, error_code

if TYPE_CHECKING:
    # Types alone, from requirements-dev: nothing that runs needs them.
    from botocore.client import BaseClient
    from botocore.model import OperationModel
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
# AWS keeps so many Lambdas for the functions that reserve none.
LEFT_FOR_OTHERS = 100


def _client(service: str, config: Config = RETRIES) -> Any:
    """Return a property that is the service's client, made when first used."""
    return cached_property(
        lambda account: account.boto3_session.client(service, account.region, config=config)
    )


class Clients:
    """One client for each service that infra calls."""

    autoscaling: ApplicationAutoScalingClient = _client("application-autoscaling")
    cloudformation: CloudFormationClient = _client("cloudformation")
    cloudwatch: CloudWatchClient = _client("cloudwatch")
    functions: LambdaClient = _client("lambda")
    gateway: APIGatewayClient = _client("apigateway")
    runtime: SageMakerRuntimeClient = _client("sagemaker-runtime", ONE_ATTEMPT)
    sagemaker: SageMakerClient = _client("sagemaker")
    sts: STSClient = _client("sts")


@dataclass(frozen=True)
class Account(Clients):
    """The clients of one account and region. Who waits for AWS asks it every `poll_seconds`."""

    region: str
    poll_seconds: float = POLL_SECONDS
    boto3_session: boto3.session.Session = field(default_factory=boto3.session.Session, repr=False)

    @cached_property
    def account_id(self) -> str:
        """The twelve digits of the account that the credentials belong to."""
        return self.sts.get_caller_identity()["Account"]

    @cached_property
    def s3(self) -> S3Client:
        """S3, which refuses every call to a bucket that became another account's meanwhile.

        docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
        """
        client = self.boto3_session.client("s3", self.region, config=RETRIES)

        def add_owner(params: dict[str, Any], model: OperationModel, **_: Any) -> dict[str, Any]:
            known = model.input_shape.members if model.input_shape else {}
            owner = {"ExpectedBucketOwner": self.account_id}
            return params | owner if "ExpectedBucketOwner" in known else params

        # The stubs know of no handler that returns anything.
        client.meta.events.register("provide-client-params.s3", add_owner)  # type: ignore[arg-type]
        return client

    def clients(self) -> list[BaseClient]:
        names = (name for name, it in vars(Clients).items() if isinstance(it, cached_property))
        return [self.s3, *(getattr(self, name) for name in names)]


def connect(region: str, poll_seconds: float = POLL_SECONDS) -> Account:
    """Return the account of the environment's credentials. Raises DeployError on no region of AWS.

    Asks AWS whose credentials they are, so that bad ones end a run before anything else does.
    """
    account = Account(region, poll_seconds)
    if region not in account.boto3_session.get_available_regions("lambda"):
        where = "birdapp/.chalice/config.json"
        raise DeployError(f"There is no AWS region {region!r}: change it in {where}.")
    _ = account.account_id
    return account


def fit_concurrency(account: Account, settings: Settings, kind: Kind = "instances") -> Settings:
    """Drop the cap where the account is too small for it, by what the model runs on.

    A new account often has 10 concurrent Lambdas in all, which is a cap by itself.
    """
    limits = account.functions.get_account_settings()["AccountLimit"]
    names = [settings.function, settings.spectrogram_function]
    names += [settings.endpoint] if kind == "function" else []
    ours = sum(_reserved(account, name) for name in names)
    room = limits["UnreservedConcurrentExecutions"] + ours - LEFT_FOR_OTHERS
    if len(names) * settings.reserved_concurrency <= room:
        return settings
    return replace(settings, reserved_concurrency=0)


def concurrency_note(settings: Settings, fitted: Settings) -> list[str]:
    if settings == fitted:
        return []
    return [
        "The account's limit of concurrent Lambdas is too low to set "
        f"{settings.reserved_concurrency} aside for each function: the account's own limit is the "
        "cap. Ask for 1,000 under Service Quotas, then deploy again."
    ]


def _reserved(account: Account, function: str) -> int:
    try:
        answer = account.functions.get_function_concurrency(FunctionName=function)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return 0
    return int(answer.get("ReservedConcurrentExecutions", 0))
