"""The role that SageMaker's training and processing jobs take: their folder, their image, their logs, their metrics."""

from typing import Any

from infra import cloudformation
from infra.config import Settings
from infra.endpoint.images import ACCOUNTS
from infra.session import Aws
from infra.stacks import resources
from infra.stacks.resources import statement

# The folder of the stage's bucket that holds data sets and the models that come out.
PREFIX = "training"
# SageMaker's names, for logs and for metrics.
KINDS = ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs")
IMAGE = "tensorflow-training"


def stack_name(settings: Settings) -> str:
    """Name the role's stack."""
    return f"{settings.function}-training"


def template(settings: Settings, bucket: str) -> dict[str, Any]:
    """Write the stack: the role alone. Its ARN is the output RoleArn."""
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": resources.trust("sagemaker.amazonaws.com"),
            "Policies": [resources.policy("training", *_statements(settings, bucket))],
        },
    }
    output = {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}}
    return {
        "Description": f"{settings.function}: training",
        "Resources": {"Role": role},
        "Outputs": output,
    }


def _statements(settings: Settings, bucket: str) -> list[dict[str, Any]]:
    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    images = (
        "arn:${AWS::Partition}:ecr:${AWS::Region}:"
        + f"{ACCOUNTS[settings.region]}:repository/{IMAGE}"
    )
    objects = f"arn:${{AWS::Partition}}:s3:::{bucket}"
    only_ours = {"StringLike": {"s3:prefix": f"{PREFIX}/*"}}
    only_jobs = {"StringEquals": {"cloudwatch:namespace": list(KINDS)}}
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return [
        statement(
            "ReadAndWriteOwnFolder", ["s3:GetObject", "s3:PutObject"], f"{objects}/{PREFIX}/*"
        ),
        statement("ListOwnFolder", ["s3:ListBucket"], objects, **only_ours),
        statement(
            "MakeTheLogsThatAllJobsShare",
            ["logs:CreateLogGroup"],
            *(group + kind for kind in KINDS),
        ),
        statement(
            "WriteLogsInStreamsThatSageMakerNames",
            write,
            *(f"{group}{kind}:log-stream:*" for kind in KINDS),
        ),
        statement("PullTheImage", pull, images),
        statement("SignInToTheRegistryWhichHasNoResources", ["ecr:GetAuthorizationToken"], "*"),
        statement(
            "SendMetricsWhichHaveNoResources", ["cloudwatch:PutMetricData"], "*", **only_jobs
        ),
    ]


def role_arn(aws: Aws, settings: Settings) -> str:
    """Look up the role for training/launch.py. Raises DeployError where the stack does not stand."""
    return cloudformation.outputs(aws, stack_name(settings))["RoleArn"]
