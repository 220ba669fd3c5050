"""Plain `chalice deploy` of the project that plain_chalice writes, with least privilege."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import stack_aws

from infra import config, limits, session
from infra.packages import plain_chalice

CHALICE = [sys.executable, Path(__file__).parent / "stack_chalice.py"]
LOCAL_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# Here the Lambdas run on this machine's Python.
pytestmark = pytest.mark.skipif(
    LOCAL_PYTHON not in limits.PYTHONS, reason="the main Lambda does not run on this Python"
)


@pytest.fixture(scope="module")
def account(emulated):
    """The clients of the empty account in the emulators."""
    return session.connect("eu-west-1", poll_seconds=0.1)


def deploy(account, emulated, folder):
    """Write the project, let Chalice deploy it; return what Chalice then remembers, by name."""
    chosen = config.load("dev", python=LOCAL_PYTHON)
    plain_chalice.write_project(account, chosen, folder)
    command = [*CHALICE, "--project-dir", folder, "deploy", "--stage", "dev"]
    region = {"AWS_DEFAULT_REGION": "eu-west-1"}
    done = subprocess.run(
        command, env=emulated | region, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((folder / ".chalice" / "deployed" / "dev.json").read_text())
    return {resource["name"]: resource for resource in record["resources"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the project is written, and where Chalice remembers."""
    return tmp_path_factory.mktemp("project") / "birdapp"


@pytest.fixture(scope="module")
def deployed(account, emulated, folder):
    """What Chalice remembers of its first deploy."""
    return deploy(account, emulated, folder)


def test_chalice_deploys_the_project_with_layer_and_policy_of_this_account(account, deployed):
    function = account.functions.get_function_configuration(FunctionName="birdapp-dev")
    assert [layer["Arn"].split(":")[6] for layer in function["Layers"]] == [
        "birdapp-dev-ffmpeg-direct"
    ]
    assert function["MemorySize"] == 512
    role = function["Role"].split("/")[-1]
    iam = account.boto3_session.client("iam", account.region)
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    resources = [statement["Resource"] for statement in policy["Statement"]]
    assert f"arn:aws:lambda:eu-west-1:{stack_aws.ACCOUNT}:function:bird-spectrogram" in resources
    assert not [
        resource for resource in resources if "${" in resource or "*" in resource.removesuffix(":*")
    ]


def test_chalice_deploys_again_onto_what_stands(account, emulated, folder, deployed, monkeypatch):
    changed = config.read_config()
    changed["environment_variables"]["CORS_ORIGINS"] = "https://birds.example"
    monkeypatch.setattr(config, "read_config", lambda: changed)
    assert deploy(account, emulated, folder) == deployed
    function = account.functions.get_function_configuration(FunctionName="birdapp-dev")
    assert function["Environment"]["Variables"]["CORS_ORIGINS"] == "https://birds.example"
    versions = account.functions.list_layer_versions(LayerName="birdapp-dev-ffmpeg-direct")[
        "LayerVersions"
    ]
    assert len(versions) == 1
