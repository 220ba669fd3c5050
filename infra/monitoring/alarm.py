"""CloudWatch alarms as data, and the two of the endpoint that take a new model back."""

import re
from dataclasses import dataclass
from typing import Any

LATENCY_MICROSECONDS = 5_000_000  # The main Lambda gives the endpoint 7 s.
VARIANT = "AllTraffic"


@dataclass(frozen=True)
class Alarm:
    """For `points` periods, `statistic` over `period` seconds compares to `threshold` like this."""

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

    @property
    def logical_id(self) -> str:
        """The alarm's name within its stack, where only letters and digits are allowed."""
        return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", self.name))

    def resource(self, topic: dict[str, str] | None) -> dict[str, Any]:
        """Return the template's resource; a topic hears when the alarm fires and when it ends."""
        told = {"AlarmActions": [topic], "OKActions": [topic]} if topic else {}
        percentile = self.statistic.startswith("p")
        properties = {
            "AlarmName": self.name,
            "AlarmDescription": self.why,
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
            "ExtendedStatistic" if percentile else "Statistic": self.statistic,
            "Period": self.period,
            "EvaluationPeriods": self.points,
            "DatapointsToAlarm": self.points,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison,
            "TreatMissingData": self.missing,
        }
        return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties | told}


def endpoint_alarms(endpoint: str) -> list[Alarm]:
    """Return the alarms that guard an update: SageMaker goes back when one of them fires."""
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
