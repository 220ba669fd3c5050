"""One CloudWatch dashboard a stage: what visitors see on top, the machines below, the error lines last."""

import json
from typing import Any

from botocore.exceptions import ClientError

from infra.change import Change, delete_if_there, error_code
from infra.monitoring.alarm import VARIANT
from infra.monitoring.alarms import Watched, stage_alarms

COLUMNS = 24
MISSING = ("ResourceNotFound", "DashboardNotFoundError")
ERROR_LINES = (
    "fields @timestamp, status, code, detail, request_id | filter event = 'request' and status >= 500"
    " | sort @timestamp desc | limit 50"
)


def dashboard(watched: Watched, region: str, account: str) -> dict[str, Any]:
    """Write the dashboard's body."""
    rows = [
        [alarm_widget(watched, region, account)],
        [
            graph(title, region, metrics, statistic)
            for title, metrics, statistic in api_graphs(watched)
        ],
        [
            graph(title, region, metrics, statistic)
            for title, metrics, statistic in function_graphs(watched)
        ],
        [
            graph(title, region, metrics, statistic)
            for title, metrics, statistic in endpoint_graphs(watched)
        ],
        [error_widget(watched, region)],
    ]
    return {
        "widgets": [widget for number, row in enumerate(rows) for widget in placed(row, number)]
    }


Graphs = list[tuple[str, list[list[str]], str]]


def api_graphs(watched: Watched) -> Graphs:
    """Say what visitors ask and get."""
    of_stage = ["ApiName", watched.api, "Stage", watched.stage]
    counted = [["AWS/ApiGateway", name, *of_stage] for name in ("Count", "4XXError", "5XXError")]
    return [
        ("Requests and errors", counted, "Sum"),
        ("Answer time, ms, 95 of 100", [["AWS/ApiGateway", "Latency", *of_stage]], "p95"),
        ("Answer time, ms, median", [["AWS/ApiGateway", "Latency", *of_stage]], "p50"),
    ]


def function_graphs(watched: Watched) -> Graphs:
    """Say how both Lambdas do."""
    names = (watched.function, watched.spectrogram_function)

    def of_both(*metrics: str) -> list[list[str]]:
        return [
            ["AWS/Lambda", metric, "FunctionName", name] for name in names for metric in metrics
        ]

    return [
        ("Lambda errors and throttles", of_both("Errors", "Throttles"), "Sum"),
        ("Lambda duration, ms, 99 of 100", of_both("Duration"), "p99"),
        ("Lambdas at once", of_both("ConcurrentExecutions"), "Maximum"),
    ]


def endpoint_graphs(watched: Watched) -> Graphs:
    """Say how the model and its machines do. The number of CPU reports a minute is the number of instances."""
    of_variant = ["EndpointName", watched.endpoint, "VariantName", VARIANT]
    asked = ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors")
    machines = ("CPUUtilization", "MemoryUtilization")
    return [
        ("Model calls and errors", [["AWS/SageMaker", name, *of_variant] for name in asked], "Sum"),
        (
            "Model time, microseconds, 99 of 100",
            [["AWS/SageMaker", "ModelLatency", *of_variant]],
            "p99",
        ),
        (
            "CPU (sum over cores) and memory, %",
            [["/aws/sagemaker/Endpoints", name, *of_variant] for name in machines],
            "Average",
        ),
        ("Instances", [["/aws/sagemaker/Endpoints", "CPUUtilization", *of_variant]], "SampleCount"),
    ]


def graph(title: str, region: str, metrics: list[list[str]], statistic: str) -> dict[str, Any]:
    """Draw lines over time, one point a minute."""
    look = {"view": "timeSeries", "stacked": False, "period": 60}
    return {
        "type": "metric",
        "properties": {"title": title, "region": region, "metrics": metrics, "stat": statistic}
        | look,
    }


def alarm_widget(watched: Watched, region: str, account: str) -> dict[str, Any]:
    """Show every alarm's state."""
    arns = [
        f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm.name}"
        for alarm in stage_alarms(watched)
    ]
    return {"type": "alarm", "properties": {"title": f"Alarms of {watched.name}", "alarms": arns}}


def error_widget(watched: Watched, region: str) -> dict[str, Any]:
    """List the last server errors from the main Lambda's log, whose lines are JSON."""
    query = f"SOURCE '/aws/lambda/{watched.function}' | {ERROR_LINES}"
    return {
        "type": "log",
        "properties": {"title": "Last errors", "region": region, "query": query, "view": "table"},
    }


def placed(row: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """Give the widgets of a row equal widths."""
    width = COLUMNS // len(row)
    return [
        widget | {"x": place * width, "y": number * 6, "width": width, "height": 6}
        for place, widget in enumerate(row)
    ]


def ensure_dashboard(cloudwatch: Any, name: str, body: dict[str, Any]) -> Change:
    """Put the dashboard there unless it already is, word for word."""
    standing = find_dashboard(cloudwatch, name)
    if standing == body:
        return Change(f"dashboard {name}", "unchanged")
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps(body))
    return Change(f"dashboard {name}", "created" if standing is None else "updated")


def find_dashboard(cloudwatch: Any, name: str) -> Any:
    """Read a dashboard's body, None where there is none."""
    try:
        return json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    except ClientError as error:
        if error_code(error) in MISSING:
            return None
        raise


def delete_dashboard(cloudwatch: Any, name: str) -> Change:
    """Delete a dashboard."""
    return delete_if_there(
        f"dashboard {name}", cloudwatch.delete_dashboards, missing=MISSING, DashboardNames=[name]
    )
