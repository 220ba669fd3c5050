"""What the model runs on: instances of one type, or SageMaker Serverless Inference."""

from dataclasses import dataclass
from typing import Any

from operation.alarms import VARIANT


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
        return {"ServerlessConfig": {"MemorySizeInMB": self.memory_mb, "MaxConcurrency": self.max_concurrency}}

    def metrics(self) -> dict[str, Any]:
        """Report as AWS does unasked."""
        return {}


Hosting = Instances | Serverless


def production_variant(model_name: str, hosting: Hosting) -> dict[str, Any]:
    """Make the one production variant of an endpoint configuration."""
    return {"VariantName": VARIANT, "ModelName": model_name, "InitialVariantWeight": 1.0} | hosting.variant()
