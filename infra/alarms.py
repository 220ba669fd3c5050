"""Every alarm of one stage: errors, latency, throttles, health."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from infra.config import Settings

VARIANT = "AllTraffic"
MILLISECONDS = 1_000
# The deadline that is passed down is 20 s, API Gateway's own is 29 s (docs/contracts.md).
SLOW_ANSWER_SECONDS = 10
NEAR_DEADLINE_SECONDS = 20
SLOW_SPECTROGRAM_SECONDS = 5
SLOW_MODEL_SECONDS = 5
# The main Lambda gives the model 7 s.
SLOW_MICROSECONDS = 5_000_000
FIVE_MINUTES = 300
HOUR = 3_600
MANY_REFUSED = 1_000
FULL_PERCENT = 90

# What the model runs on.
Kind = Literal["instances", "serverless", "function"]
# Fields of an Alarm that are not its defaults.
Chosen = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Where metrics come from: a namespace of CloudWatch, and what of it."""

    namespace: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Alarm:
    """For `points` periods, `statistic` over `period` seconds compares to `threshold` like this."""

    name: str
    why: str
    source: Source
    metric: str
    threshold: float
    statistic: str = "Sum"
    period: int = 60
    points: int = 1
    comparison: str = "GreaterThanOrEqualToThreshold"
    # Nobody asks at night: mostly no data is no fault.
    missing: str = "notBreaching"

    @property
    def logical_id(self) -> str:
        """The alarm's name within its stack, where only letters and digits are allowed."""
        return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", self.name))

    def resource(self, topic: dict[str, str] | None) -> dict[str, Any]:
        """Return the template's resource; a topic hears when the alarm fires and when it ends."""
        told = {"AlarmActions": [topic], "OKActions": [topic]} if topic else {}
        percentile = self.statistic.startswith("p")
        dimensions = [{"Name": name, "Value": value} for name, value in self.source.dimensions]
        properties = {
            "AlarmName": self.name,
            "AlarmDescription": self.why,
            "Namespace": self.source.namespace,
            "MetricName": self.metric,
            "Dimensions": dimensions,
            "ExtendedStatistic" if percentile else "Statistic": self.statistic,
            "Period": self.period,
            "EvaluationPeriods": self.points,
            "DatapointsToAlarm": self.points,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison,
            "TreatMissingData": self.missing,
        }
        return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties | told}


def stage_alarms(settings: Settings, kind: Kind) -> list[Alarm]:
    """Return all alarms. The endpoint's first two are there before it is known what hosts it."""
    return [
        *api_alarms(settings),
        *function_alarms(settings.function, NEAR_DEADLINE_SECONDS),
        *function_alarms(settings.spectrogram_function, SLOW_SPECTROGRAM_SECONDS),
        *endpoint_alarms(settings.endpoint),
        *health_alarms(settings.endpoint, kind),
    ]


def api_alarms(settings: Settings) -> list[Alarm]:
    name = settings.function
    api = Source("AWS/ApiGateway", (("ApiName", name), ("Stage", settings.stage)))
    errors = "Five answers in five minutes were 5xx: look for the code in the main Lambda's log."
    latency = f"One answer in twenty takes {SLOW_ANSWER_SECONDS} s or more."
    slow: Chosen = {"statistic": "p95", "period": FIVE_MINUTES, "points": 2}
    limit = SLOW_ANSWER_SECONDS * MILLISECONDS
    many = "Half of all requests that the limit allows came for an hour: look at who asks."
    half = settings.throttle_requests_per_second * HOUR / 2
    refused = f"{MANY_REFUSED:,} requests in an hour were turned away."
    return [
        Alarm(f"{name}-api-requests", many, api, "Count", half, period=HOUR),
        Alarm(f"{name}-api-refused", refused, api, "4XXError", MANY_REFUSED, period=HOUR),
        Alarm(f"{name}-api-errors", errors, api, "5XXError", 5, period=FIVE_MINUTES),
        Alarm(f"{name}-api-latency", latency, api, "Latency", limit, **slow),
    ]


def function_alarms(name: str, slow_seconds: int) -> list[Alarm]:
    """Return a Lambda's: its own error is a bug or a timeout, a throttle is the concurrency cap."""
    function = Source("AWS/Lambda", (("FunctionName", name),))
    errors = "The Lambda crashed or ran into its timeout."
    throttles = "Calls were turned away: more came at once than its reserved concurrency allows."
    duration = f"One call in a hundred takes {slow_seconds} s or more."
    slow: Chosen = {"statistic": "p99", "period": FIVE_MINUTES, "points": 2}
    limit = slow_seconds * MILLISECONDS
    return [
        Alarm(f"{name}-errors", errors, function, "Errors", 3, period=FIVE_MINUTES),
        Alarm(f"{name}-throttles", throttles, function, "Throttles", 10, period=FIVE_MINUTES),
        Alarm(f"{name}-duration", duration, function, "Duration", limit, **slow),
    ]


def endpoint_alarms(endpoint: str) -> list[Alarm]:
    """Return the alarms that guard an update: SageMaker goes back when one of them fires."""
    model = Source("AWS/SageMaker", _variant(endpoint))
    errors = "The model answered with 5xx five times in a minute."
    latency = "One answer of the model in a hundred takes 5 s or more; callers give up at 7 s."
    slow: Chosen = {"threshold": SLOW_MICROSECONDS, "statistic": "p99", "points": 3}
    return [
        Alarm(f"{endpoint}-model-errors", errors, model, "Invocation5XXErrors", 5),
        Alarm(f"{endpoint}-model-latency", latency, model, "ModelLatency", **slow),
    ]


def classifier_alarms(function: str) -> list[Alarm]:
    """Return the alarms that guard an update of the classifier's Lambda, likewise."""
    return function_alarms(function, SLOW_MODEL_SECONDS)


def health_alarms(endpoint: str, kind: Kind) -> list[Alarm]:
    """Return those of a model that refuses us, does not run, or is short of memory."""
    if kind == "function":
        return classifier_alarms(endpoint)
    model = Source("AWS/SageMaker", _variant(endpoint))
    machines = Source("/aws/sagemaker/Endpoints", _variant(endpoint))
    why = "The model refused requests with 4xx: model and Lambda no longer fit."
    four: Chosen = {"metric": "Invocation4XXErrors", "threshold": 5, "period": FIVE_MINUTES}
    refused = Alarm(f"{endpoint}-refused", why, model, **four)
    if kind == "serverless":
        return [refused]
    why = "No instance has reported for five minutes: the endpoint is down, deleted or not up yet."
    none: Chosen = {"statistic": "SampleCount", "comparison": "LessThanThreshold"}
    none |= {"missing": "breaching"}
    running = Alarm(f"{endpoint}-not-running", why, machines, "CPUUtilization", 1, points=5, **none)
    why = "An instance uses nearly all of its memory."
    full: Chosen = {"threshold": FULL_PERCENT, "statistic": "Maximum", "points": 5}
    memory = Alarm(f"{endpoint}-memory", why, machines, "MemoryUtilization", **full)
    return [refused, running, memory]


def _variant(endpoint: str) -> tuple[tuple[str, str], ...]:
    return (("EndpointName", endpoint), ("VariantName", VARIANT))
