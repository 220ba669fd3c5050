"""One CloudWatch dashboard a stage: what visitors see on top, the machines below, errors last."""

from typing import Any

from infra.config import Settings
from infra.monitoring.alarms import VARIANT, Alarm

COLUMNS = 24
ROW_HEIGHT = 6
# CloudFormation fills these in.
REGION = "${AWS::Region}"
ALARM = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
ERROR_LINES = (
    "fields @timestamp, status, code, detail, request_id"
    " | filter event = 'request' and status >= 500 | sort @timestamp desc | limit 50"
)

Widget = dict[str, Any]


def dashboard(settings: Settings, alarms: list[Alarm]) -> dict[str, list[Widget]]:
    """Return the dashboard's body, a text for Fn::Sub."""
    graphs = [api_graphs(settings), function_graphs(settings), endpoint_graphs(settings)]
    rows = [[alarm_widget(settings, alarms)], *graphs, [error_widget(settings)]]
    widgets = (placed(row, number) for number, row in enumerate(rows))
    return {"widgets": [widget for row in widgets for widget in row]}


def api_graphs(settings: Settings) -> list[Widget]:
    of_stage = ["ApiName", settings.function, "Stage", settings.stage]
    counted = [["AWS/ApiGateway", name, *of_stage] for name in ("Count", "4XXError", "5XXError")]
    latency = [["AWS/ApiGateway", "Latency", *of_stage]]
    return [
        graph("Requests and errors", counted, "Sum"),
        graph("Answer time, ms, 95 of 100", latency, "p95"),
        graph("Answer time, ms, median", latency, "p50"),
    ]


def function_graphs(settings: Settings) -> list[Widget]:
    names = (settings.function, settings.spectrogram_function)

    def of_both(*metrics: str) -> list[list[str]]:
        return [["AWS/Lambda", it, "FunctionName", name] for name in names for it in metrics]

    return [
        graph("Lambda errors and throttles", of_both("Errors", "Throttles"), "Sum"),
        graph("Lambda duration, ms, 99 of 100", of_both("Duration"), "p99"),
        graph("Lambdas at once", of_both("ConcurrentExecutions"), "Maximum"),
    ]


def endpoint_graphs(settings: Settings) -> list[Widget]:
    """Return the row of the model. The CPU reports of a minute are as many as the instances."""
    of_variant = ["EndpointName", settings.endpoint, "VariantName", VARIANT]

    def of_endpoint(namespace: str, *metrics: str) -> list[list[str]]:
        return [[namespace, metric, *of_variant] for metric in metrics]

    counted = ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors")
    calls = of_endpoint("AWS/SageMaker", *counted)
    latency = of_endpoint("AWS/SageMaker", "ModelLatency")
    cpu = of_endpoint("/aws/sagemaker/Endpoints", "CPUUtilization")
    memory = of_endpoint("/aws/sagemaker/Endpoints", "MemoryUtilization")
    return [
        graph("Model calls and errors", calls, "Sum"),
        graph("Model time, microseconds, 99 of 100", latency, "p99"),
        graph("CPU (sum over cores) and memory, %", cpu + memory, "Average"),
        graph("Instances", cpu, "SampleCount"),
    ]


def graph(title: str, metrics: list[list[str]], statistic: str) -> Widget:
    """Return lines over time, one point a minute."""
    look = {"view": "timeSeries", "stacked": False, "period": 60}
    properties = {"title": title, "region": REGION, "metrics": metrics, "stat": statistic}
    return {"type": "metric", "properties": properties | look}


def alarm_widget(settings: Settings, alarms: list[Alarm]) -> Widget:
    arns = [ALARM + alarm.name for alarm in alarms]
    properties = {"title": f"Alarms of {settings.function}", "alarms": arns}
    return {"type": "alarm", "properties": properties}


def error_widget(settings: Settings) -> Widget:
    """Return the last server errors of the main Lambda's log, whose lines are JSON."""
    query = f"SOURCE '/aws/lambda/{settings.function}' | {ERROR_LINES}"
    properties = {"title": "Last errors", "region": REGION, "query": query, "view": "table"}
    return {"type": "log", "properties": properties}


def placed(row: list[Widget], number: int) -> list[Widget]:
    """Return the widgets of a row, placed, with equal widths."""
    width = COLUMNS // len(row)
    at = {"y": number * ROW_HEIGHT, "width": width, "height": ROW_HEIGHT}
    return [widget | {"x": place * width} | at for place, widget in enumerate(row)]
