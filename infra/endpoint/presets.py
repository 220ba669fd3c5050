"""Named ways to host the model: the report's two autoscaling policies (4.5, 5.1, 5.2), a better default, serverless."""

from dataclasses import dataclass
from typing import Any

from infra.monitoring.alarm import VARIANT

CPU = "CPUUtilization"
INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
REPORT_INSTANCE = "ml.m4.xlarge"
VCPUS = {"ml.m4.xlarge": 4, "ml.c5.large": 2}
# 2 cores / (5 windows x 20 ms a window) = 20 requests a second at the most; half of it leaves time to start another.
# Replace it by what `make load` measures on the endpoint itself.
INVOCATIONS_A_MINUTE = 600.0


@dataclass(frozen=True)
class Instances:
    """Machines that always run. Their utilisation is reported every `metric_seconds` (10, 30 or 60)."""

    instance_type: str
    metric_seconds: int = 60
    initial_count: int = 1

    def variant(self) -> dict[str, Any]:
        """Say it as part of a production variant."""
        return {"InstanceType": self.instance_type, "InitialInstanceCount": self.initial_count}

    def metrics(self) -> dict[str, Any]:
        """Say it as part of an endpoint configuration; 60 s is what AWS does unasked."""
        if self.metric_seconds == 60:
            return {}
        return {"MetricsConfig": {"MetricPublishFrequencyInSeconds": self.metric_seconds}}


@dataclass(frozen=True)
class Serverless:
    """Nothing runs, and nothing is paid, between requests; the first one after a pause waits for a cold start."""

    # TensorFlow Serving and the network take about 1 GB; processor time grows with memory.
    memory_mb: int = 3_072
    max_concurrency: int = 10

    def variant(self) -> dict[str, Any]:
        """Say it as part of a production variant."""
        return {
            "ServerlessConfig": {
                "MemorySizeInMB": self.memory_mb,
                "MaxConcurrency": self.max_concurrency,
            }
        }

    def metrics(self) -> dict[str, Any]:
        """Report as AWS does unasked."""
        return {}


Hosting = Instances | Serverless


def production_variant(model_name: str, hosting: Hosting) -> dict[str, Any]:
    """Make the one production variant of an endpoint configuration."""
    return {
        "VariantName": VARIANT,
        "ModelName": model_name,
        "InitialVariantWeight": 1.0,
    } | hosting.variant()


@dataclass(frozen=True)
class Scaling:
    """A target for a metric's mean over the instances. CPU is CloudWatch's sum over the cores: 4 cores reach 400 %.

    The target must be exceeded for `points` statistics of `statistic_seconds` each. Cooldowns are in seconds.
    """

    metric: str
    target: float
    statistic_seconds: int = 60
    points: int = 3
    scale_out_cooldown: int = 300
    scale_in_cooldown: int = 300
    smallest: int = 1
    largest: int = 4


@dataclass(frozen=True)
class Preset:
    """Where the model runs and how its instances come and go; serverless needs no scaling."""

    name: str
    hosting: Hosting
    scaling: Scaling | None

    def describe(self) -> str:
        """Say it in one line, with the share of the machine where the target is a CPU sum."""
        if isinstance(self.hosting, Serverless):
            hosting = self.hosting
            return f"{self.name}: {hosting.memory_mb:,} MB, at most {hosting.max_concurrency} requests at once"
        if self.scaling is None:
            return f"{self.name}: {self.hosting.initial_count} x {self.hosting.instance_type}"
        scaling, machine = self.scaling, self.hosting.instance_type
        counts = f"{self.name}: {scaling.smallest} to {scaling.largest} x {machine}"
        if scaling.metric != CPU:
            return f"{counts}, target {scaling.target:g} requests a minute and instance"
        share = scaling.target / VCPUS[machine]
        return (
            f"{counts}, target {scaling.target:g} % CPU as CloudWatch's sum over {VCPUS[machine]} cores"
            f" (= {share:g} % of the machine), {scaling.points} statistics of {scaling.statistic_seconds} s"
        )


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "report-70",
            Instances(REPORT_INSTANCE, metric_seconds=10),
            Scaling(CPU, 70.0, statistic_seconds=10),
        ),
        Preset("report-300", Instances(REPORT_INSTANCE), Scaling(CPU, 300.0, statistic_seconds=60)),
        # Requests are counted at once, CPU lags; scale out soon, scale in late.
        Preset(
            "requests",
            Instances("ml.c5.large"),
            Scaling(INVOCATIONS, INVOCATIONS_A_MINUTE, scale_out_cooldown=60),
        ),
        Preset("serverless", Serverless(), None),
    )
}
DEFAULT_PRESET = "requests"
