"""API Gateway may write logs: a setting of the account and region, shared by all of its APIs."""

from typing import Any

from infra.change import Change
from infra.cloudformation import ensure_stack
from infra.session import Account
from infra.stacks.resources import resource, role

STACK = "api-gateway-logs"
# AWS checks for this very policy's rights, on "*", when the role is set.
POLICY = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def template() -> dict[str, Any]:
    """Return the stack's template: the role, the setting, and a key that opens nothing.

    An account that never had anything of API Gateway may refuse the setting: CDK makes it depend on
    an API, which here comes later.
    """
    gateways = role("apigateway.amazonaws.com")
    gateways["Properties"] = gateways["Properties"] | {"ManagedPolicyArns": [{"Fn::Sub": POLICY}]}
    setting = resource("ApiGateway::Account", CloudWatchRoleArn={"Fn::GetAtt": ["Role", "Arn"]})
    key = resource("ApiGateway::ApiKey", Enabled=False, Description="Makes way for the logs' role")
    return {
        "Description": "API Gateway may write logs; free, and shared by all APIs of the region",
        "Resources": {"Role": gateways, "Key": key, "Account": setting | {"DependsOn": ["Key"]}},
    }


def ensure(account: Account) -> Change:
    """Let API Gateway write logs, unless somebody's role already does: that one is left alone.

    No stage deletes this stack: it belongs to all of them, and to APIs that are not ours.
    """
    if account.gateway.get_account().get("cloudwatchRoleArn"):
        return Change(f"stack {STACK}", "unchanged")
    return ensure_stack(account, STACK, template())
