"""The roles that SageMaker takes: the endpoint's, and that of training and processing jobs."""

from typing import Any

from infra.alarms import endpoint_alarms
from infra.config import Settings
from infra.endpoint.plan import ACCOUNTS, TAG, candidate_name
from infra.stacks.resources import arn, policy, role, statement

# The folder of the stage's bucket that holds data sets and the models that come out.
TRAINING_PREFIX = "training"
# SageMaker's names, for logs and for metrics.
TRAINING_KINDS = ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs")
ENDPOINT_NAMESPACES = ("AWS/SageMaker", "/aws/sagemaker/Endpoints")
SAGEMAKER = "sagemaker.amazonaws.com"


def endpoint_log_groups(settings: Settings) -> list[str]:
    names = (settings.endpoint, candidate_name(settings.endpoint))
    return [f"/aws/sagemaker/Endpoints/{name}" for name in names]


def endpoint_role(settings: Settings, bucket: str) -> dict[str, Any]:
    # Name by name: "endpoint*" would hold another stage's logs as well.
    groups = [arn("logs", f"log-group:{name}") for name in endpoint_log_groups(settings)]
    alarms = [arn("cloudwatch", f"alarm:{it.name}") for it in endpoint_alarms(settings.endpoint)]
    streams = [f"{group}:log-stream:*" for group in groups]
    write = ["CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents"]
    return role(
        SAGEMAKER,
        policy(
            "endpoint",
            statement("ReadModels", ["s3:GetObject"], f"{_objects(bucket)}/models/*"),
            *_pull(settings, TAG.split(":", maxsplit=1)[0]),
            statement("WriteLogs", [f"logs:{action}" for action in write], *groups, *streams),
            statement("WatchDuringAnUpdate", ["cloudwatch:DescribeAlarms"], *alarms),
            _metrics(ENDPOINT_NAMESPACES),
        ),
    )


def training_role(settings: Settings, bucket: str) -> dict[str, Any]:
    groups = [arn("logs", f"log-group:{kind}") for kind in TRAINING_KINDS]
    only_ours = {"StringLike": {"s3:prefix": f"{TRAINING_PREFIX}/*"}}
    own_folder = f"{_objects(bucket)}/{TRAINING_PREFIX}/*"
    write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    streams = [f"{group}:log-stream:*" for group in groups]
    return role(
        SAGEMAKER,
        policy(
            "training",
            statement("ReadAndWriteOwnFolder", ["s3:GetObject", "s3:PutObject"], own_folder),
            statement("ListOwnFolder", ["s3:ListBucket"], _objects(bucket), **only_ours),
            # Judged by the group's ARN and by "group:log-stream:", so both forms are needed:
            # docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
            statement("MakeTheLogsThatAllJobsShare", ["logs:CreateLogGroup"], *groups, *streams),
            statement("WriteLogsInStreamsThatSageMakerNames", write, *streams),
            *_pull(settings, "tensorflow-training"),
            _metrics(TRAINING_KINDS),
        ),
    )


def _objects(bucket: str) -> str:
    return f"arn:${{AWS::Partition}}:s3:::{bucket}"


def _pull(settings: Settings, repository: str) -> list[dict[str, Any]]:
    actions = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
    account = ACCOUNTS[settings.region]
    image = f"arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:{account}:repository/{repository}"
    return [
        statement("PullTheImage", [f"ecr:{action}" for action in actions], image),
        statement("SignInToTheRegistryWhichHasNoResources", ["ecr:GetAuthorizationToken"], "*"),
    ]


def _metrics(namespaces: tuple[str, ...]) -> dict[str, Any]:
    """Metrics have no ARN; the condition keeps the role to SageMaker's own names."""
    only = {"StringEquals": {"cloudwatch:namespace": list(namespaces)}}
    return statement("SendMetricsWhichHaveNoResources", ["cloudwatch:PutMetricData"], "*", **only)
