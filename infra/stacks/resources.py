"""CloudFormation resources that more than one stack has."""

from typing import Any

# The name under which warm copies of a Lambda are called.
ALIAS = "live"


def log_group(name: str, retention_days: int) -> dict[str, Any]:
    """Make a log group that forgets; one that Lambda makes by itself never would."""
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name, "RetentionInDays": retention_days},
    }


def lambda_role(logs: str) -> dict[str, Any]:
    """Make a role for a Lambda that may write its own log and nothing else."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "Policies": [policy("logs", write_logs(logs))],
        },
    }


def trust(service: str) -> dict[str, Any]:
    """Let an AWS service take a role."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """Name statements as an inline policy."""
    return {
        "PolicyName": name,
        "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
    }


def statement(sid: str, actions: list[str], *resources: str, **condition: Any) -> dict[str, Any]:
    """Allow actions on ARNs, which may hold ${AWS::Region} and its like; the Sid says why."""
    said = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": [{"Fn::Sub": name} for name in resources],
    }
    return said | ({"Condition": condition} if condition else {})


def write_logs(log_group_name: str) -> dict[str, Any]:
    """Allow writing one log group, whose streams the service names."""
    group = (
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:" + log_group_name
    )
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return statement("WriteOwnLogInStreamsThatAwsNames", actions, f"{group}:log-stream:*")


def tracing_policy(role: str) -> dict[str, Any]:
    """Allow a role to send traces. X-Ray knows no resources: AWS has no other way than "*"."""
    actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    properties = policy("tracing", statement("SendTracesXRayHasNoResources", actions, "*"))
    return {"Type": "AWS::IAM::Policy", "Properties": {**properties, "Roles": [{"Ref": role}]}}
