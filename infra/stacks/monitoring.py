"""The last stack up: alarms, dashboard and, with an address to write to, a budget."""

import hashlib
import json
from typing import Any

from infra.config import Settings
from infra.monitoring.alarms import endpoint_alarms, stage_alarms
from infra.monitoring.dashboard import dashboard
from infra.stacks.foundation import topic
from infra.stacks.resources import resource

SPENT_PERCENT = 80
FORECAST_PERCENT = 100


def stack_name(settings: Settings) -> str:
    return f"{settings.function}-monitoring"


def template(settings: Settings, *, instances: bool) -> dict[str, Any]:
    """Return the stack's template; an endpoint without instances has no alarms of machines."""
    alarms = stage_alarms(settings, instances=instances)
    in_foundation = endpoint_alarms(settings.endpoint)
    body = {"Fn::Sub": json.dumps(dashboard(settings, alarms))}
    board = {"DashboardName": settings.function, "DashboardBody": body}
    ours = [alarm for alarm in alarms if alarm not in in_foundation]
    resources = {alarm.logical_id: alarm.resource(topic(settings)) for alarm in ours}
    resources["Dashboard"] = resource("CloudWatch::Dashboard", **board)
    if settings.alarm_email:
        resources["Budget"] = budget(settings)
    return {"Description": f"{settings.function}: alarms and dashboard", "Resources": resources}


def budget(settings: Settings) -> dict[str, Any]:
    """Return a monthly budget that writes at 80 % spent and when the forecast says 100 %.

    AWS Budgets cannot be kept to one product without tags that are switched on by hand, so it
    counts the whole account.
    """
    subscribers = [{"SubscriptionType": "EMAIL", "Address": settings.alarm_email}]
    mails = [
        {"Notification": _notification(*kind), "Subscribers": subscribers}
        for kind in (("ACTUAL", SPENT_PERCENT), ("FORECASTED", FORECAST_PERCENT))
    ]
    # Other mails make another budget (CloudFormation replaces it), whose name must not be taken.
    digest = hashlib.sha256(json.dumps(mails).encode()).hexdigest()[:6]
    limit = {"Amount": settings.budget_dollars, "Unit": "USD"}
    what = {
        "BudgetName": f"{settings.function}-{digest}",
        "BudgetLimit": limit,
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }
    return resource("Budgets::Budget", Budget=what, NotificationsWithSubscribers=mails)


def _notification(kind: str, percent: int) -> dict[str, Any]:
    return {
        "NotificationType": kind,
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": percent,
        "ThresholdType": "PERCENTAGE",
    }
