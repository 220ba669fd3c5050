"""What a SageMaker training job is asked to do: machines, data, limits, metrics. No AWS in here."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

NAME = "bird-training"
CHANNEL = "training"
# What train.py prints after an epoch, such as "epoch=4 loss=1.2345 calibration_top1=0.5678".
METRICS = {
    "train:loss": r"\bloss=([0-9.]+)",
    "calibration:top1": r"\bcalibration_top1=([0-9.]+)",
    "train:epoch": r"\bepoch=([0-9]+)",
}
# Besides the training itself: starting, fetching the data, calibrating, exporting.
OVERHEAD_SECONDS = 3_600
# How long a spot job may wait for a machine, at first and after each time that it loses one.
SPOT_WAIT_SECONDS = 4 * 3_600
# Beside the dataset: the image's code, checkpoints, the model.
SPARE_GB = 100


@dataclass(frozen=True)
class Machines:
    """What a job runs on. Spot machines cost a third, and may be taken away: checkpoints go on."""

    instance_type: str
    instance_count: int = 1
    spot: bool = False

    def __post_init__(self) -> None:
        if (
            not re.fullmatch(r"ml\.[a-z0-9-]+\.[a-z0-9]+", self.instance_type)
            or self.instance_count < 1
        ):
            raise ValueError(
                "expected ml.<family>.<size> and 1 or more,"
                f" got {self.instance_type} x {self.instance_count}"
            )


# "report" is what the report used (section 4.3); the other is 2 generations newer, has AVX-512 and
# twice the cores.
PRESETS = {"report": Machines("ml.m4.xlarge"), "better": Machines("ml.c7i.2xlarge", spot=True)}


@dataclass(frozen=True)
class Job:
    """Train on s3://bucket/prefix/dataset/; code, checkpoints and models go beside it.

    `dataset` is its fingerprint; every machine gets a copy of its `dataset_bytes`.
    """

    role: str
    image: str
    bucket: str
    prefix: str
    dataset: str
    dataset_bytes: int
    machines: Machines
    hyperparameters: dict[str, str | int | float]

    @property
    def root(self) -> str:
        """Where all of the job lies."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def checkpoints(self) -> str:
        """Where checkpoints lie: the same data and settings go on, others start anew."""
        content = json.dumps([self.dataset, self.hyperparameters], sort_keys=True)
        return f"{self.root}/checkpoints/{hashlib.sha256(content.encode()).hexdigest()[:16]}"

    @property
    def max_seconds(self) -> int:
        """When SageMaker ends the job, well after it should have ended by itself."""
        return round(float(self.hyperparameters["minutes"]) * 60) + OVERHEAD_SECONDS


def describe(job: Job) -> dict[str, Any]:
    """Return the job in the words of the SDK's ModelTrainer; nested tables are its classes."""
    machines = job.machines
    stopping: dict[str, int] = {"max_runtime_in_seconds": job.max_seconds}
    if machines.spot:
        stopping["max_wait_time_in_seconds"] = job.max_seconds + SPOT_WAIT_SECONDS
    return {
        "training_image": job.image,
        "role": job.role,
        "base_job_name": NAME,
        "hyperparameters": dict(job.hyperparameters),
        "compute": {
            "instance_type": machines.instance_type,
            "instance_count": machines.instance_count,
            "volume_size_in_gb": SPARE_GB + job.dataset_bytes // 10**9,
            "enable_managed_spot_training": machines.spot,
        },
        "stopping_condition": stopping,
        "checkpoint_config": {"s3_uri": job.checkpoints},
        "output_data_config": {"s3_output_path": f"{job.root}/models"},
        "input_data_config": {"channel_name": CHANNEL, "data_source": f"{job.root}/dataset/"},
        "metric_definitions": [{"name": name, "regex": regex} for name, regex in METRICS.items()],
    }
