"""The first stack up and the last one down: bucket, roles, SageMaker's logs, and who is told.

The endpoint's two alarms are here too: a new model is guarded by them before anything else exists.
"""

from typing import Any

from infra.alarms import endpoint_alarms
from infra.change import Change
from infra.cloudformation import TAKEN, StackChange, delete_stack, ensure_stack, read_outputs
from infra.config import Settings
from infra.errors import DeployError
from infra.session import Account
from infra.stacks.resources import PRIVATE, arn, bucket_policy, encrypted_only, log_group, resource
from infra.stacks.roles import TRAINING_KINDS, endpoint_log_groups, endpoint_role, training_role

JOB_LOGS_STACK = "sagemaker-job-logs"


def stack_name(settings: Settings) -> str:
    return f"{settings.function}-foundation"


def topic(settings: Settings) -> dict[str, str] | None:
    """Return the ARN of the topic through which alarms reach people, None without an address."""
    name = f"{settings.function}-alarms"
    return {"Fn::Sub": arn("sns", name)} if settings.alarm_email else None


def template(settings: Settings, bucket: str) -> dict[str, Any]:
    """Return the stack's template. Outputs: Bucket, EndpointRoleArn, TrainingRoleArn."""
    groups = [log_group(it, settings.log_retention_days) for it in endpoint_log_groups(settings)]
    logs = {f"EndpointLogs{number}": group for number, group in enumerate(groups)}
    alarms = endpoint_alarms(settings.endpoint)
    resources = {
        # Deleted with the stack: infra/stage.py empties it first.
        "Bucket": resource("S3::Bucket", BucketName=bucket, PublicAccessBlockConfiguration=PRIVATE),
        "BucketPolicy": bucket_policy(encrypted_only()),
        # SageMaker makes a group that is missing, and that one never forgets; without the role,
        # which goes first, it cannot.
        "EndpointRole": endpoint_role(settings, bucket) | {"DependsOn": list(logs)},
        "TrainingRole": training_role(settings, bucket),
        **logs,
        **{alarm.logical_id: alarm.resource(topic(settings)) for alarm in alarms},
        **_mail(settings),
    }
    outputs = {
        "Bucket": {"Value": {"Ref": "Bucket"}},
        "EndpointRoleArn": {"Value": {"Fn::GetAtt": ["EndpointRole", "Arn"]}},
        "TrainingRoleArn": {"Value": {"Fn::GetAtt": ["TrainingRole", "Arn"]}},
    }
    description = f"{settings.function}: what all other stacks lean on"
    return {"Description": description, "Resources": resources, "Outputs": outputs}


def _mail(settings: Settings) -> dict[str, Any]:
    """The topic of the alarms; AWS asks the address's owner first, by mail."""
    if not settings.alarm_email:
        return {}
    subscription = {"Endpoint": settings.alarm_email, "Protocol": "email"}
    return {
        "Topic": resource("SNS::Topic", TopicName=f"{settings.function}-alarms"),
        "Subscription": resource("SNS::Subscription", TopicArn={"Ref": "Topic"}, **subscription),
    }


def ensure(account: Account, settings: Settings) -> StackChange:
    """Bring up the stack. Raises DeployError, also where another account has the bucket's name."""
    wanted = template(settings, settings.bucket(account.account_id))
    return ensure_stack(account, stack_name(settings), wanted)


def ensure_job_logs(account: Account, settings: Settings) -> Change:
    """Let the logs of training and processing jobs forget, which SageMaker's own never would.

    All stages share the stack, and none deletes it. Groups that are somebody else's already are
    left alone.
    """
    groups = [log_group(kind, settings.log_retention_days) for kind in TRAINING_KINDS]
    resources = {f"Logs{number}": group for number, group in enumerate(groups)}
    template = {"Description": "Logs of all SageMaker jobs", "Resources": resources}
    try:
        return ensure_stack(account, JOB_LOGS_STACK, template)
    except DeployError as error:
        if TAKEN not in str(error):
            raise
    return Change(f"stack {JOB_LOGS_STACK}", "unchanged")


def delete(account: Account, settings: Settings) -> Change:
    return delete_stack(account, stack_name(settings), bucket=settings.bucket(account.account_id))


def training_role_arn(account: Account, settings: Settings) -> str:
    return read_outputs(account, stack_name(settings))["TrainingRoleArn"]
