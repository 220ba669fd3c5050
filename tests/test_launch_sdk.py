"""The SageMaker SDK itself starts the training job of training/launch.py, against moto.

It is 1 GB, so it has an environment of its own, which CI makes, and otherwise whoever wants to:
`python3 -m local.venv build/launch-venv training/requirements-launch.txt`.
"""

import json
import os
import re
import subprocess

import boto3
import pytest
from moto.server import ThreadedMotoServer
from test_launch import ON_AWS, RECORDED, REGION, put_dataset

from local import venv
from training.jobs.source_folder import REPOSITORY

VENV = REPOSITORY / "build" / "launch-venv"
REQUIREMENTS = REPOSITORY / "training" / "requirements-launch.txt"
KEYS = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}


@pytest.fixture
def sdk():
    """The Python that has the SDK."""
    if os.environ.get("CI") != "true" and not VENV.exists():
        pytest.skip("needs build/launch-venv, 1 GB: only CI makes it unasked")
    venv.ensure(VENV, REQUIREMENTS)
    return VENV / "bin" / "python"


@pytest.fixture
def played_sagemaker():
    """moto on a port, with a dataset in S3; yields its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    put_dataset(boto3.client("s3", region_name=REGION, endpoint_url=address, **KEYS))
    yield address
    server.stop()


def normalise(request):
    """Take the job's name, which holds the time, out of a request."""
    return json.loads(re.sub(r"bird-training-\d{14}", "bird-training-TIME", json.dumps(request)))


def test_sdk_sends_the_recorded_request(sdk, played_sagemaker, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "AWS_ENDPOINT_URL": played_sagemaker,
        "AWS_DEFAULT_REGION": REGION,
        "PYTHONPATH": str(REPOSITORY),
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "SAGEMAKER_VALIDATE_ROLE": "false",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sdk, "tests/record_training_job.py", *ON_AWS],
        cwd=REPOSITORY,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        timeout=300,
    )
    assert normalise(json.loads(done.stdout)) == json.loads(RECORDED.read_text())
