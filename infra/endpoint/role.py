"""The role that SageMaker takes for the endpoint: read its models, pull its image, write its logs and metrics."""

import json
import time
from typing import Any

from infra.change import Change, delete_if_there
from infra.endpoint.images import TAG, image_account
from infra.endpoint.plan import candidate_name
from infra.monitoring.alarm import endpoint_alarms

POLICY_NAME = "endpoint"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
# A new role is not known everywhere at once, and SageMaker refuses a role that it does not see yet.
SPREAD_SECONDS = 10.0


def role_name(endpoint: str) -> str:
    """Name the role of an endpoint."""
    return f"{endpoint}-endpoint"


def policy(endpoint: str, bucket: str, region: str, account: str) -> dict[str, Any]:
    """Write the least that an endpoint needs, one line an action."""
    image = (
        f"arn:aws:ecr:{region}:{image_account(region)}:repository/{TAG.split(':', maxsplit=1)[0]}"
    )
    # Name by name: "endpoint*" would hold another stage's logs as well.
    group = f"arn:aws:logs:{region}:{account}:log-group:/aws/sagemaker/Endpoints/"
    logs = [group + name for name in (endpoint, candidate_name(endpoint))]
    alarms = [
        f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm.name}"
        for alarm in endpoint_alarms(endpoint)
    ]
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    write = [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    ]
    statements: list[dict[str, Any]] = [
        {"Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{bucket}/models/*"},
        {"Action": pull, "Resource": image},
        # AWS knows no narrower resource for this action.
        {"Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {"Action": write, "Resource": [*logs, *(f"{log}:log-stream:*" for log in logs)]},
        {"Action": ["cloudwatch:DescribeAlarms"], "Resource": alarms},
        # Metrics have no ARN; the condition keeps it to SageMaker's own names.
        {
            "Action": ["cloudwatch:PutMetricData"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]
                }
            },
        },
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow"} | statement for statement in statements],
    }


def ensure_role(
    iam: Any, endpoint: str, wanted: dict[str, Any], *, spread_seconds: float = SPREAD_SECONDS
) -> Change:
    """Make the role with this policy; a policy that has changed is put again."""
    name, resource = role_name(endpoint), f"role {role_name(endpoint)}"
    outcome = Change(resource, "unchanged")
    try:
        iam.get_role(RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        outcome = Change(resource, "created")
    if standing_policy(iam, name) == wanted:
        return outcome
    iam.put_role_policy(RoleName=name, PolicyName=POLICY_NAME, PolicyDocument=json.dumps(wanted))
    time.sleep(spread_seconds)
    return Change(resource, "updated") if outcome.outcome == "unchanged" else outcome


def standing_policy(iam: Any, name: str) -> Any:
    """Read the role's policy, None where it has none."""
    try:
        return iam.get_role_policy(RoleName=name, PolicyName=POLICY_NAME)["PolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        return None


def delete_role(iam: Any, endpoint: str) -> Change:
    """Delete the policy and the role."""
    name, missing = role_name(endpoint), ("NoSuchEntity",)
    delete_if_there(
        "policy", iam.delete_role_policy, missing=missing, RoleName=name, PolicyName=POLICY_NAME
    )
    return delete_if_there(f"role {name}", iam.delete_role, missing=missing, RoleName=name)


def role_arn(endpoint: str, account: str) -> str:
    """Say the ARN of the role of an endpoint."""
    return f"arn:aws:iam::{account}:role/{role_name(endpoint)}"
