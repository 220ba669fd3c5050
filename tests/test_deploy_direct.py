"""Plain `chalice deploy`: Chalice brings up the project that deployment.direct writes, with least privilege."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import served
import stack_aws

from deployment import aws, direct, settings

CHALICE = [sys.executable, Path(__file__).parent / "stack_chalice.py"]
LOCAL_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
DESCRIPTION = {"labels": ["Strix aluco"], "names": ["Tawny Owl"], "settings": "{}"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The variables that lead to the emulators."""
    outputs = DESCRIPTION | {"settings": json.dumps({"version": "1"})}
    with (
        served.serving(outputs) as (_, endpoint),
        stack_aws.emulators(tmp_path_factory.mktemp("emulators"), endpoint) as variables,
    ):
        yield variables


@pytest.fixture
def account(environment, monkeypatch):
    """The clients of the empty account in the emulators."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return aws.connect("eu-west-1", poll_seconds=0.1)


def test_chalice_deploys_the_project_with_layer_and_policy_of_this_account(account, environment, tmp_path):
    chosen = settings.load("dev", python=LOCAL_PYTHON)
    folder = direct.write_project(account, chosen, tmp_path / "project")
    command = [*CHALICE, "--project-dir", folder, "deploy", "--stage", "dev"]
    region = {"AWS_DEFAULT_REGION": "eu-west-1"}
    done = subprocess.run(command, env=environment | region, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    function = account.functions.get_function_configuration(FunctionName="birdapp-dev")
    assert [layer["Arn"].split(":")[6] for layer in function["Layers"]] == ["birdapp-dev-ffmpeg-direct"]
    assert function["MemorySize"] == 256
    role = function["Role"].split("/")[-1]
    (name,) = account.iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = account.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    resources = [statement["Resource"] for statement in policy["Statement"]]
    assert f"arn:aws:lambda:eu-west-1:{stack_aws.ACCOUNT}:function:bird-spectrogram" in resources
    assert not [resource for resource in resources if "${" in resource or "*" in resource.removesuffix(":*")]


def test_a_second_project_publishes_no_second_layer_and_keeps_chalices_record(account, tmp_path):
    chosen = settings.load("dev", python=LOCAL_PYTHON)
    folder = direct.write_project(account, chosen, tmp_path / "project")
    record = folder / ".chalice" / "deployed" / "dev.json"
    record.write_text("{}")
    direct.write_project(account, chosen, folder)
    assert record.read_text() == "{}"
    versions = account.functions.list_layer_versions(LayerName="birdapp-dev-ffmpeg-direct")["LayerVersions"]
    assert len(versions) == 1
