"""`training.prepare --instances`: the same work, shared by machines of SageMaker."""

import argparse
import json

import boto3

from infra import config, session
from infra.errors import EXPECTED, explain
from infra.stacks import foundation
from training.data import options
from training.jobs import images, sagemaker_processing


def run(arguments: argparse.Namespace) -> int:
    """Start the job and wait for it, or only print its requests; return the exit status.

    Raises RuntimeError with the sentence of what AWS refuses.
    """
    stage = config.load(arguments.stage)
    image = images.training_image(stage.region)
    passed_on = tuple(options.passed_on(arguments))
    archive = sagemaker_processing.Archive(
        arguments.bucket, arguments.prefix, arguments.metadata, passed_on
    )
    try:
        role = arguments.role or foundation.training_role_arn(session.connect(stage.region), stage)
        machines = sagemaker_processing.Machines(
            arguments.instances, arguments.instance_type, role, image, arguments.volume_gb
        )
        if arguments.dry_run:
            asked = sagemaker_processing.requests(archive, machines, "birds-dry-run")
            print(json.dumps(asked, indent=2))
            return 0
        aws = boto3.session.Session(region_name=stage.region)
        clients = sagemaker_processing.Clients(
            s3=aws.client("s3"), sagemaker=aws.client("sagemaker")
        )
        print(sagemaker_processing.run(clients, archive, machines))
    except EXPECTED as error:
        raise RuntimeError(explain(error)) from error
    return 0
