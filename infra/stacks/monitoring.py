"""The last stack up: alarms, dashboard and, with an address to write to, a budget."""

import hashlib
import json
from typing import Any

from infra.alarms import VARIANT, Alarm, Kind, classifier_alarms, endpoint_alarms, stage_alarms
from infra.config import Settings
from infra.stacks.foundation import topic
from infra.stacks.resources import arn, resource

SPENT_PERCENT = 80
FORECAST_PERCENT = 100
COLUMNS = 24
ROW_HEIGHT = 6
# CloudFormation fills it in.
REGION = "${AWS::Region}"
ERROR_LINES = (
    "fields @timestamp, status, code, detail, request_id"
    " | filter event = 'request' and status >= 500 | sort @timestamp desc | limit 50"
)

Widget = dict[str, Any]
Series = list[list[str]]


def stack_name(settings: Settings) -> str:
    return f"{settings.function}-monitoring"


def template(settings: Settings, kind: Kind) -> dict[str, Any]:
    """Return the stack's template; a model without instances has no alarms of machines."""
    alarms = stage_alarms(settings, kind)
    elsewhere = endpoint_alarms(settings.endpoint) + classifier_alarms(settings.endpoint)
    body = {"Fn::Sub": json.dumps(dashboard(settings, alarms, kind))}
    # Of the account, not of the Region, as budgets are.
    board = {"DashboardName": f"{settings.function}-{settings.region}", "DashboardBody": body}
    ours = [alarm for alarm in alarms if alarm not in elsewhere]
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
        "BudgetName": f"{settings.function}-{settings.region}-{digest}",
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


def dashboard(settings: Settings, alarms: list[Alarm], kind: Kind) -> dict[str, list[Widget]]:
    """Return its body, a text for Fn::Sub: what visitors see on top, then machines, then errors."""
    names = [settings.function, settings.spectrogram_function]
    if kind == "function":
        graphs = [api_graphs(settings), function_graphs([*names, settings.endpoint])]
    else:
        graphs = [api_graphs(settings), function_graphs(names), endpoint_graphs(settings)]
    rows = [[alarm_widget(settings, alarms)], *graphs, [error_widget(settings)]]
    widgets = (placed(row, number) for number, row in enumerate(rows))
    return {"widgets": [widget for row in widgets for widget in row]}


def api_graphs(settings: Settings) -> list[Widget]:
    stage = ["ApiName", settings.function, "Stage", settings.stage]
    latency = series("AWS/ApiGateway", stage, "Latency")
    counted = series("AWS/ApiGateway", stage, "Count", "4XXError", "5XXError")
    return [
        graph("Requests and errors", counted, "Sum"),
        graph("Answer time, ms, 95 of 100", latency, "p95"),
        graph("Answer time, ms, median", latency, "p50"),
    ]


def function_graphs(names: list[str]) -> list[Widget]:
    def of_all(*metrics: str) -> Series:
        return [
            it for name in names for it in series("AWS/Lambda", ["FunctionName", name], *metrics)
        ]

    return [
        graph("Lambda errors and throttles", of_all("Errors", "Throttles"), "Sum"),
        graph("Lambda duration, ms, 99 of 100", of_all("Duration"), "p99"),
        graph("Lambdas at once", of_all("ConcurrentExecutions"), "Maximum"),
    ]


def endpoint_graphs(settings: Settings) -> list[Widget]:
    """Return the row of the model. The CPU reports of a minute are as many as the instances."""
    variant = ["EndpointName", settings.endpoint, "VariantName", VARIANT]
    counted = ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors")
    latency = series("AWS/SageMaker", variant, "ModelLatency")
    machine = "/aws/sagemaker/Endpoints"
    both = series(machine, variant, "CPUUtilization", "MemoryUtilization")
    return [
        graph("Model calls and errors", series("AWS/SageMaker", variant, *counted), "Sum"),
        graph("Model time, microseconds, 99 of 100", latency, "p99"),
        graph("CPU (sum over cores) and memory, %", both, "Average"),
        graph("Instances", series(machine, variant, "CPUUtilization"), "SampleCount"),
    ]


def series(namespace: str, dimensions: list[str], *metrics: str) -> Series:
    return [[namespace, metric, *dimensions] for metric in metrics]


def graph(title: str, metrics: Series, statistic: str) -> Widget:
    look = {"view": "timeSeries", "stacked": False, "period": 60}
    properties = {"title": title, "region": REGION, "metrics": metrics, "stat": statistic}
    return {"type": "metric", "properties": properties | look}


def alarm_widget(settings: Settings, alarms: list[Alarm]) -> Widget:
    arns = [arn("cloudwatch", f"alarm:{alarm.name}") for alarm in alarms]
    properties = {"title": f"Alarms of {settings.function}", "alarms": arns}
    return {"type": "alarm", "properties": properties}


def error_widget(settings: Settings) -> Widget:
    """Return the last server errors of the main Lambda's log, whose lines are JSON."""
    query = f"SOURCE '/aws/lambda/{settings.function}' | {ERROR_LINES}"
    properties = {"title": "Last errors", "region": REGION, "query": query, "view": "table"}
    return {"type": "log", "properties": properties}


def placed(row: list[Widget], number: int) -> list[Widget]:
    width = COLUMNS // len(row)
    at = {"y": number * ROW_HEIGHT, "width": width, "height": ROW_HEIGHT}
    return [widget | {"x": place * width} | at for place, widget in enumerate(row)]
