"""An archive too large for one machine: the same prepare.py as two SageMaker Processing jobs.

First N machines cut the recordings: each gets its share of the audio, and all of the table and the
code. Then one machine joins what they made into a dataset. All lies below one prefix: audio/ (there
already), the rest is made.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from botocore.exceptions import WaiterError

from training.jobs.upload import upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

REPOSITORY = Path(__file__).parent.parent.parent
CODE = (
    *(
        "training/*.py",
        "training/data/*.py",
        "training/data/labels.csv",
        "training/jobs/*.py",
        "training/requirements.txt",
        "birdapp/__init__.py",
        "birdapp/requirements.txt",
    ),
    *("birdapp/chalicelib/*.py", "spectrogram_fn/__init__.py", "spectrogram_fn/spectrogram.py"),
    "spectrogram_fn/requirements.txt",
)
ROOT = "/opt/ml/processing"
COMMAND = (
    f"cd {ROOT}/code && python3 -m pip install -q -r training/requirements.txt"
    ' && python3 -m training.prepare "$@"'
)
MAX_SECONDS = 24 * 3600


class Clients(TypedDict):
    """boto3's clients that `run` needs."""

    s3: "S3Client"
    sagemaker: "SageMakerClient"


@dataclass(frozen=True)
class Archive:
    """Audio below s3://bucket/prefix/audio/, named as in `table`, a local file.

    `options` are prepare.py's own.
    """

    bucket: str
    prefix: str
    table: Path
    options: tuple[str, ...]


@dataclass(frozen=True)
class Machines:
    """What the cutting runs on, as which role, from which image.

    The disk of each holds its audio and all windows.
    """

    instances: int
    instance_type: str
    role: str
    image: str
    volume_gb: int = 500

    def __post_init__(self) -> None:
        if self.instances < 1 or self.volume_gb < 1:
            raise ValueError(
                "at least 1 instance and 1 GB are needed,"
                f" got {self.instances} and {self.volume_gb}"
            )


def requests(
    archive: Archive, machines: Machines, name: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what SageMaker is asked for: the job that cuts, and the job that joins."""
    table = f"{ROOT}/table/{archive.table.name}"
    common = [
        "--metadata",
        table,
        "--recordings",
        f"{ROOT}/audio",
        "--output",
        f"{ROOT}/output",
        *archive.options,
    ]
    cutting = _request(archive, machines, [*common, "--shards-only"])
    cutting |= {
        "ProcessingJobName": f"{name}-cut",
        "ProcessingInputs": _inputs(archive, "audio", "ShardedByS3Key"),
    }
    cutting["ProcessingOutputConfig"] = _output(archive, f"{ROOT}/output/shards", "shards")
    joining = _request(archive, machines, [*common, "--shards", f"{ROOT}/shards"])
    joining["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 1
    joining |= {
        "ProcessingJobName": f"{name}-join",
        "ProcessingInputs": _inputs(archive, "shards", "FullyReplicated"),
    }
    joining["ProcessingOutputConfig"] = _output(archive, f"{ROOT}/output", "dataset")
    return cutting, joining


def run(clients: Clients, archive: Archive, machines: Machines, *, poll_seconds: int = 60) -> str:
    """Upload code and table, run both jobs, return the dataset's address.

    Raises RuntimeError with SageMaker's reason where a job fails.
    """
    upload(clients["s3"], REPOSITORY, code_files(), archive.bucket, f"{archive.prefix}/code")
    upload(
        clients["s3"],
        archive.table.parent,
        [archive.table.name],
        archive.bucket,
        f"{archive.prefix}/table",
    )
    for request in requests(archive, machines, time.strftime("birds-%Y%m%d-%H%M%S")):
        clients["sagemaker"].create_processing_job(**request)
        _wait(clients["sagemaker"], request["ProcessingJobName"], poll_seconds)
    return f"s3://{archive.bucket}/{archive.prefix}/dataset"


def code_files() -> list[str]:
    """Return the files that prepare.py needs to run elsewhere, relative to the repository."""
    return sorted(
        str(path.relative_to(REPOSITORY)) for pattern in CODE for path in REPOSITORY.glob(pattern)
    )


def _request(archive: Archive, machines: Machines, arguments: Sequence[str]) -> dict[str, Any]:
    cluster = {
        "InstanceCount": machines.instances,
        "InstanceType": machines.instance_type,
        "VolumeSizeInGB": machines.volume_gb,
    }
    return {
        "RoleArn": machines.role,
        "AppSpecification": {
            "ImageUri": machines.image,
            # A word is at most 256 characters long: the arguments travel as words of their own.
            "ContainerEntrypoint": ["bash", "-c", COMMAND, "prepare"],
            "ContainerArguments": list(arguments),
        },
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": MAX_SECONDS},
        "Tags": [{"Key": "product", "Value": archive.prefix.replace("/", "-")}],
    }


def _inputs(archive: Archive, share: str, distribution: str) -> list[dict[str, Any]]:
    """Bring `share` as `distribution` says, and code and table whole to every machine."""
    distributions = {share: distribution, "code": "FullyReplicated", "table": "FullyReplicated"}
    return [
        {
            "InputName": name,
            "S3Input": {
                "S3Uri": f"s3://{archive.bucket}/{archive.prefix}/{name}/",
                "LocalPath": f"{ROOT}/{name}",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
                "S3DataDistributionType": how,
            },
        }
        for name, how in distributions.items()
    ]


def _output(archive: Archive, path: str, name: str) -> dict[str, Any]:
    target = {
        "S3Uri": f"s3://{archive.bucket}/{archive.prefix}/{name}",
        "LocalPath": path,
        "S3UploadMode": "EndOfJob",
    }
    return {"Outputs": [{"OutputName": name, "S3Output": target}]}


def _wait(sagemaker: "SageMakerClient", name: str, poll_seconds: int) -> None:
    waiter = sagemaker.get_waiter("processing_job_completed_or_stopped")
    try:
        waiter.wait(
            ProcessingJobName=name, WaiterConfig={"Delay": poll_seconds, "MaxAttempts": MAX_SECONDS}
        )
    except WaiterError as error:
        reason = sagemaker.describe_processing_job(ProcessingJobName=name).get(
            "FailureReason", str(error)
        )
        raise RuntimeError(f"processing job {name} failed: {reason}") from error
    if (
        sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"]
        != "Completed"
    ):
        raise RuntimeError(f"processing job {name} was stopped")
