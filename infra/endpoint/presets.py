"""Ways to host the model: the report's two policies, a better default, two without machines.

The report's are those of its sections 4.5, 5.1 and 5.2.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from infra.alarms import Kind

CPU = "CPUUtilization"
INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
REPORT_INSTANCE = "ml.m4.xlarge"
VCPUS = {"ml.m4.xlarge": 4, "ml.c5.large": 2}
# AWS publishes an instance's utilisation so often where nothing else is asked for.
USUAL_METRIC_SECONDS = 60
# On by default since June 2026, and paid; no alarm or graph of ours reads what it adds
# (docs.aws.amazon.com/sagemaker/latest/dg/monitoring-detailed-observability.html).
NO_DETAILS = {"EnableDetailedObservability": False}
# 2 cores / (5 windows x 20 ms a window) = 20 requests a second at most; half of it leaves time to
# start another instance. Replace it by what `make load` measures on the endpoint itself.
INVOCATIONS_A_MINUTE = 600.0


@dataclass(frozen=True)
class Instances:
    """Machines that always run. Their utilisation is published every `metric_seconds`."""

    kind: ClassVar[Kind] = "instances"
    # The container needs no network: SageMaker brings the model and takes the logs.
    isolated: ClassVar[bool] = True
    instance_type: str
    metric_seconds: int = USUAL_METRIC_SECONDS
    initial_count: int = 1

    def variant(self) -> dict[str, Any]:
        return {"InstanceType": self.instance_type, "InitialInstanceCount": self.initial_count}

    def metrics(self) -> dict[str, Any]:
        often = {"MetricPublishFrequencyInSeconds": self.metric_seconds}
        is_usual = self.metric_seconds == USUAL_METRIC_SECONDS
        return {"MetricsConfig": NO_DETAILS | ({} if is_usual else often)}


@dataclass(frozen=True)
class Serverless:
    """Nothing runs or is paid between requests; the first one after a pause waits for a start."""

    kind: ClassVar[Kind] = "serverless"
    # AWS supports no network isolation here: "Feature exclusions" of
    # docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html, with all others.
    isolated: ClassVar[bool] = False
    # TensorFlow Serving and the network take about 1 GB; processor time grows with memory.
    memory_mb: int = 3_072
    max_concurrency: int = 10

    def variant(self) -> dict[str, Any]:
        limits = {"MemorySizeInMB": self.memory_mb, "MaxConcurrency": self.max_concurrency}
        return {"ServerlessConfig": limits}

    def metrics(self) -> dict[str, Any]:
        """Return no MetricsConfig: AWS has its own for serverless."""
        return {}


@dataclass(frozen=True)
class Function:
    """The same network by LiteRT in a Lambda: nothing runs or is paid between requests."""

    kind: ClassVar[Kind] = "function"
    # One core, as LiteRT uses one: docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html.
    memory_mb: int = 1_769
    # The main Lambda gives up at 7 s.
    timeout: int = 10


Hosted = Instances | Serverless
Hosting = Hosted | Function


@dataclass(frozen=True)
class Scaling:
    """A target for a metric's mean over the instances; the target of CPU is a sum over the cores.

    An alarm fires when `points` statistics of `statistic_seconds` each exceed the target.
    Cooldowns are in seconds.
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
    """Where the model runs and how its instances come and go; without any there is no scaling."""

    name: str
    hosting: Hosting
    scaling: Scaling | None

    def for_candidate(self) -> "Preset":
        """Return the least that answers a clip: all serverless endpoints share one quota."""
        if isinstance(self.hosting, Serverless):
            return replace(self, hosting=replace(self.hosting, max_concurrency=1))
        return self

    def describe(self) -> str:
        """Return one line; a CPU target is also given as a share of the machine."""
        if isinstance(self.hosting, Serverless):
            memory, requests = self.hosting.memory_mb, self.hosting.max_concurrency
            return f"{self.name}: {memory:,} MB, at most {requests} requests at once"
        if isinstance(self.hosting, Function):
            return f"{self.name}: {self.hosting.memory_mb:,} MB"
        if self.scaling is None:
            return f"{self.name}: {self.hosting.initial_count} x {self.hosting.instance_type}"
        scaling, machine = self.scaling, self.hosting.instance_type
        counts = f"{self.name}: {scaling.smallest} to {scaling.largest} x {machine}"
        if scaling.metric != CPU:
            return f"{counts}, target {scaling.target:g} requests a minute and instance"
        share = scaling.target / VCPUS[machine]
        return (
            f"{counts}, target {scaling.target:g} % CPU as CloudWatch's sum over {VCPUS[machine]} "
            f"cores (= {share:g} % of the machine), {scaling.points} statistics of "
            f"{scaling.statistic_seconds} s"
        )


REPORT_70 = Scaling(CPU, 70.0, statistic_seconds=10)
# Requests are counted at once, CPU lags; scale out soon, scale in late.
REQUESTS = Scaling(INVOCATIONS, INVOCATIONS_A_MINUTE, scale_out_cooldown=60)
WAYS = (
    Preset("report-70", Instances(REPORT_INSTANCE, metric_seconds=10), REPORT_70),
    Preset("report-300", Instances(REPORT_INSTANCE), Scaling(CPU, 300.0)),
    Preset("requests", Instances("ml.c5.large"), REQUESTS),
    Preset("serverless", Serverless(), None),
    Preset("lambda", Function(), None),
)
PRESETS = {preset.name: preset for preset in WAYS}
DEFAULT_PRESET = "requests"
