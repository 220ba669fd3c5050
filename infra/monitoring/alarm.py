"""CloudWatch alarms as data, and the one call that puts them there."""

from dataclasses import dataclass
from typing import Any

from infra.change import Change

LATENCY_MICROSECONDS = 5_000_000  # The main Lambda gives the endpoint 7 s.
VARIANT = "AllTraffic"


@dataclass(frozen=True)
class Alarm:
    """One alarm: `statistic` of a metric over `period` seconds compares to `threshold` for `points` periods."""

    name: str
    why: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    threshold: float
    statistic: str = "Sum"
    period: int = 60
    points: int = 1
    comparison: str = "GreaterThanOrEqualToThreshold"
    # Nobody asks at night: mostly no data is no fault.
    missing: str = "notBreaching"

    def request(self, topic_arn: str | None = None) -> dict[str, Any]:
        """Turn it into put_metric_alarm's parameters; with a topic, people are told when it fires and when it ends."""
        told = {"AlarmActions": [topic_arn], "OKActions": [topic_arn]} if topic_arn else {}
        percentile = self.statistic.startswith("p")
        return {
            "AlarmName": self.name,
            "AlarmDescription": self.why,
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
            "ExtendedStatistic" if percentile else "Statistic": self.statistic,
            "Period": self.period,
            "EvaluationPeriods": self.points,
            "DatapointsToAlarm": self.points,
            "Threshold": float(self.threshold),
            "ComparisonOperator": self.comparison,
            "TreatMissingData": self.missing,
        } | told


def endpoint_alarms(endpoint: str) -> list[Alarm]:
    """List the alarms of one SageMaker endpoint; a redeploy goes back by itself when one of them fires."""
    of_variant = (("EndpointName", endpoint), ("VariantName", VARIANT))
    return [
        Alarm(
            f"{endpoint}-model-errors",
            "The model answered with 5xx five times in a minute.",
            "AWS/SageMaker",
            "Invocation5XXErrors",
            of_variant,
            threshold=5,
        ),
        Alarm(
            f"{endpoint}-model-latency",
            "One answer of the model in a hundred takes 5 s or more; callers give up at 7 s.",
            "AWS/SageMaker",
            "ModelLatency",
            of_variant,
            threshold=LATENCY_MICROSECONDS,
            statistic="p99",
            points=3,
        ),
    ]


def ensure_alarms(
    cloudwatch: Any, alarms: list[Alarm], topic_arn: str | None = None
) -> list[Change]:
    """Put each alarm there unless it already is, word for word. Without a topic, who is told stays as it is."""
    found = (
        cloudwatch.describe_alarms(AlarmNames=[alarm.name for alarm in alarms])["MetricAlarms"]
        if alarms
        else []
    )
    standing = {alarm["AlarmName"]: alarm for alarm in found}
    return [
        ensure_alarm(cloudwatch, alarm.request(topic_arn), standing.get(alarm.name))
        for alarm in alarms
    ]


def ensure_alarm(
    cloudwatch: Any, wanted: dict[str, Any], standing: dict[str, Any] | None
) -> Change:
    """Put one alarm there unless the standing one has every wanted value."""
    resource = f"alarm {wanted['AlarmName']}"
    if standing is None:
        cloudwatch.put_metric_alarm(**wanted)
        return Change(resource, "created")
    if all(comparable(standing.get(key)) == comparable(value) for key, value in wanted.items()):
        return Change(resource, "unchanged")
    told = {key: standing.get(key, []) for key in ("AlarmActions", "OKActions")}
    cloudwatch.put_metric_alarm(**told | wanted)
    return Change(resource, "updated")


def comparable(value: Any) -> Any:
    """Ignore the order in which AWS gives dimensions back."""
    return sorted(map(str, value)) if isinstance(value, list) else value


def delete_alarms(cloudwatch: Any, names: list[str]) -> list[Change]:
    """Delete alarms by name."""
    found = cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
    there = {alarm["AlarmName"] for alarm in found}
    if there:
        cloudwatch.delete_alarms(AlarmNames=sorted(there))
    return [Change(f"alarm {name}", "deleted" if name in there else "absent") for name in names]
