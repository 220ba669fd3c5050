"""API Gateway may write logs: a setting of the account and region, shared by all of its APIs."""

import json
import time

from botocore.exceptions import ClientError

from infra.change import Change, error_code
from infra.errors import DeployError
from infra.session import Aws
from infra.stacks.resources import trust

ROLE = "api-gateway-logs"
# AWS checks for this very policy's rights, on "*", when the role is set.
POLICY = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
# A new role is not known everywhere at once.
ATTEMPTS = 12


def ensure(aws: Aws) -> Change:
    """Give API Gateway a role to write logs, unless it has one. It stays after a destroy: it is free and shared."""
    resource = f"role of API Gateway for logs in {aws.region}"
    if aws.gateway.get_account().get("cloudwatchRoleArn"):
        return Change(resource, "unchanged")
    arn = _ensure_role(aws)
    attached = aws.iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    if POLICY not in [policy["PolicyArn"] for policy in attached]:
        aws.iam.attach_role_policy(RoleName=ROLE, PolicyArn=POLICY)
    _set_role(aws, arn)
    return Change(resource, "created")


def _ensure_role(aws: Aws) -> str:
    try:
        role = aws.iam.get_role(RoleName=ROLE)
    except ClientError as error:
        if error_code(error) != "NoSuchEntity":
            raise
        role = aws.iam.create_role(
            RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust("apigateway.amazonaws.com"))
        )
    return str(role["Role"]["Arn"])


def _set_role(aws: Aws, arn: str) -> None:
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}
    for _ in range(ATTEMPTS):
        try:
            aws.gateway.update_account(patchOperations=[change])
            return
        except ClientError as error:
            if error_code(error) != "BadRequestException":
                raise
            time.sleep(aws.poll_seconds)
    raise DeployError(
        f"API Gateway does not take the role {ROLE} for its logs; run this again in a minute."
    )
