"""Start the training of training/source_dir/: as a SageMaker job, or here as SageMaker would."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra import config
from infra.errors import DeployError, explain
from infra.session import connect
from infra.stacks import foundation, roles
from spectrogram_fn.spectrogram import WINDOW_SAMPLES
from training.data.dataset import SUMMARY
from training.data.shards import SAMPLE_BYTES
from training.jobs import local_job, sdk
from training.jobs.images import training_image
from training.jobs.job import PRESETS, Job, Machines, describe
from training.jobs.source_folder import assemble

# What source_dir/model.py builds; to import that here would take TensorFlow.
if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ARCHITECTURES = ("default", "light", "large", "report")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return _run_here(arguments) if arguments.local else _run_on_aws(arguments)
    except (OSError, ValueError, DeployError, BotoCoreError, ClientError) as error:
        print(f"launch: {explain(error)}", file=sys.stderr)
        return 1


def _run_here(arguments: argparse.Namespace) -> int:
    if not (arguments.data / SUMMARY).exists():
        raise ValueError(
            f"{arguments.data} holds no dataset; make one with python -m training.prepare"
        )
    flags = ["--tiny"] if arguments.tiny else []
    others = range(2, (arguments.instance_count or 1) + 1)
    roots = [arguments.output, *(arguments.output / "instances" / str(number) for number in others)]
    code = local_job.run(roots, arguments.data, _hyperparameters(arguments), flags)
    if code == 0:
        print(f"model: {arguments.output / 'model'}")
    return code


def _run_on_aws(arguments: argparse.Namespace) -> int:
    stage = config.load(arguments.stage)
    session = boto3.session.Session(region_name=stage.region)
    job = _job(arguments, stage, session)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "code")
        files = assemble(source)
        if arguments.dry_run:
            print(json.dumps({**describe(job), "source_code": files}, indent=2))
            return 0
        name = sdk.start(job, source, session, wait=arguments.wait)
    print(f"{name}: the model will be {job.root}/models/{name}/output/model.tar.gz")
    return 0


def _job(
    arguments: argparse.Namespace, stage: config.Settings, session: boto3.session.Session
) -> Job:
    """Return the job; what was not named is looked up in AWS, where nothing is changed."""
    bucket = arguments.bucket or stage.bucket(connect(stage.region).account_id)
    dataset = _read_summary(session.client("s3"), bucket, f"{arguments.prefix}/dataset/{SUMMARY}")
    return Job(
        role=arguments.role or foundation.training_role_arn(connect(stage.region), stage),
        image=training_image(stage.region),
        bucket=bucket,
        prefix=arguments.prefix,
        dataset=dataset["fingerprint"] + dataset.get("listener", {}).get("sha256", ""),
        dataset_bytes=sum(dataset["counts"]["windows"].values()) * WINDOW_SAMPLES * SAMPLE_BYTES,
        machines=_machines(arguments),
        hyperparameters=_hyperparameters(arguments),
    )


def _read_summary(s3: "S3Client", bucket: str, key: str) -> dict[str, Any]:
    """Return which dataset it is, and how large. Raises ValueError where there is none."""
    try:
        content: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey as error:
        raise ValueError(
            f"s3://{bucket}/{key} is missing; python -m training.prepare --bucket uploads it"
        ) from error
    return content


def _machines(arguments: argparse.Namespace) -> Machines:
    preset = PRESETS[arguments.preset]
    return Machines(
        arguments.instance_type or preset.instance_type,
        arguments.instance_count or preset.instance_count,
        preset.spot if arguments.spot is None else arguments.spot,
    )


def _hyperparameters(arguments: argparse.Namespace) -> dict[str, str | int | float]:
    names = ("architecture", "epochs", "minutes", "seed")
    return {name: getattr(arguments, name) for name in names}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.launch", description=__doc__)
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="default")
    parser.add_argument("--epochs", type=int, default=92)
    parser.add_argument(
        "--minutes", type=float, default=82.0, help="the most that it may take, on whatever machine"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--instance-count", type=int, help="machines that share each batch; here they are processes"
    )
    here = parser.add_argument_group("on this machine")
    here.add_argument("--local", action="store_true", help="train here, in folders like /opt/ml")
    here.add_argument(
        "--data", type=Path, default=Path("build/dataset"), help="folder made by training.prepare"
    )
    here.add_argument(
        "--output", type=Path, default=Path("build/opt-ml"), help="stands for /opt/ml"
    )
    here.add_argument("--tiny", action="store_true", help="one batch: proves that all parts fit")
    _add_aws(parser.add_argument_group("on SageMaker"))
    return parser


def _add_aws(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default="better",
        help="the report's machine or a newer one",
    )
    group.add_argument("--instance-type", help="instead of the preset's")
    group.add_argument(
        "--spot", action=argparse.BooleanOptionalAction, help="instead of the preset's"
    )
    group.add_argument(
        "--stage", default="dev", help="of birdapp/.chalice/config.json: region, bucket, role"
    )
    group.add_argument("--bucket", help="instead of the stage's")
    group.add_argument(
        "--prefix",
        default=roles.TRAINING_PREFIX,
        help="of dataset, code, checkpoints and models there",
    )
    group.add_argument("--role", help="instead of the stage's")
    group.add_argument("--wait", action="store_true", help="show the log until the job ends")
    group.add_argument("--dry-run", action="store_true", help="print what would be asked for")


if __name__ == "__main__":
    sys.exit(main())
