"""training/jobs/sagemaker_processing.py: an archive on N machines, sharded by S3 key."""

import json
import math
import os
import shutil
import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import ClientError
from datasets import contents, write_wav
from moto import mock_aws

from infra import session
from infra.stacks import foundation
from training.data.options import parser
from training.jobs import sagemaker_processing
from training.jobs.sagemaker_processing import (
    REPOSITORY,
    ROOT,
    Archive,
    Machines,
    code_files,
    requests,
    run,
)
from training.prepare import main

MACHINES = Machines(4, "ml.c7i.4xlarge", "arn:aws:iam::123456789012:role/training", "image")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "train_metadata.csv"
    rows = [
        f"{label},{label}us {label}a,50,10,{recordist},{label}/{recordist}.wav"
        for label in "ab"
        for recordist in ("Lee", "Eka", "Day", "Fox")
    ]
    head = "primary_label,scientific_name,latitude,longitude,author,filename"
    path.write_text("\n".join([head, *rows]))
    return path


@pytest.fixture
def clients(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with mock_aws():
        made = {name: boto3.client(name, region_name="us-east-1") for name in ("s3", "sagemaker")}
        made["s3"].create_bucket(Bucket="birds")
        yield made


def cut_and_join(table):
    return requests(
        Archive("birds", "training", table, ("--min-recordings", "4")), MACHINES, "birds"
    )


def test_audio_is_shared_out_by_key_and_the_rest_is_everywhere(table):
    cutting, joining = cut_and_join(table)
    shares = {
        source["InputName"]: (
            source["S3Input"]["S3DataDistributionType"],
            source["S3Input"]["S3Uri"],
        )
        for source in cutting["ProcessingInputs"]
    }
    assert shares == {
        "audio": ("ShardedByS3Key", "s3://birds/training/audio/"),
        "code": ("FullyReplicated", "s3://birds/training/code/"),
        "table": ("FullyReplicated", "s3://birds/training/table/"),
    }
    assert cutting["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 4
    assert joining["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1


def test_one_machine_joins_what_the_others_made(table):
    cutting, joining = cut_and_join(table)
    made = cutting["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    joined = joining["ProcessingInputs"][0]["S3Input"]
    assert made["S3Uri"] + "/" == joined["S3Uri"] == "s3://birds/training/shards/"
    assert (
        joining["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
        == "s3://birds/training/dataset"
    )


def test_no_word_of_the_command_is_longer_than_sagemaker_allows(table):
    for request in cut_and_join(table):
        words = (
            request["AppSpecification"]["ContainerEntrypoint"]
            + request["AppSpecification"]["ContainerArguments"]
        )
        assert max(map(len, words)) <= 256
        assert len(words) <= 100


def test_jobs_run_one_after_the_other(clients, table):
    sent = []
    clients["sagemaker"].meta.events.register(
        "provide-client-params.sagemaker.CreateProcessingJob",
        lambda params, **_: sent.append(params),
    )
    address = run(clients, Archive("birds", "training", table, ()), MACHINES, poll_seconds=0)
    assert address == "s3://birds/training/dataset"
    clusters = [request["ProcessingResources"]["ClusterConfig"] for request in sent]
    assert [(cluster["InstanceCount"], cluster["InstanceType"]) for cluster in clusters] == [
        (4, "ml.c7i.4xlarge"),
        (1, "ml.c7i.4xlarge"),
    ]
    keys = {item["Key"] for item in clients["s3"].list_objects_v2(Bucket="birds")["Contents"]}
    assert {"training/code/training/prepare.py", "training/table/train_metadata.csv"} <= keys


@pytest.mark.parametrize(
    ("status", "words"), [("Failed", "no memory left"), ("Stopped", "was stopped")]
)
def test_job_that_does_not_complete_is_an_error(clients, table, status, words):
    def end(parsed, **_):
        parsed.update(ProcessingJobStatus=status, FailureReason="no memory left")

    clients["sagemaker"].meta.events.register("after-call.sagemaker.DescribeProcessingJob", end)
    with pytest.raises(RuntimeError, match=words):
        run(clients, Archive("birds", "training", table, ()), MACHINES, poll_seconds=0)


def test_machines_do_together_what_one_does(table, tmp_path, tone):
    """Each job runs its own command in a copy of the uploaded code, with its share of the audio."""
    for number, name in enumerate(
        f"{label}/{recordist}.wav" for label in "ab" for recordist in ("Lee", "Eka", "Day", "Fox")
    ):
        write_wav(tmp_path / "audio" / name, tone(1_000 + 300 * number, 5.5))
        share = tmp_path / f"machine{number % 2}" / "audio" / name
        share.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tmp_path / "audio" / name, share)
    split = [
        "--min-recordings",
        "4",
        "--test-minimum",
        "1",
        "--test-total",
        "2",
        "--processes",
        "1",
    ]
    alone = [
        "--metadata",
        str(table),
        "--recordings",
        str(tmp_path / "audio"),
        "--output",
        str(tmp_path / "alone"),
    ]
    assert main([*alone, *split]) == 0
    cutting, joining = requests(
        Archive("birds", "training", table, tuple(split)), MACHINES, "birds"
    )
    for number in range(2):
        play(cutting, tmp_path / f"machine{number}", table)
        shutil.copytree(
            tmp_path / f"machine{number}" / "output" / "shards",
            tmp_path / "joiner" / "shards",
            dirs_exist_ok=True,
        )
    play(joining, tmp_path / "joiner", table)
    joined, expected = contents(tmp_path / "joiner" / "output"), contents(tmp_path / "alone")
    assert joined["windows.npy"] == expected["windows.npy"]
    assert joined["windows.csv"] == expected["windows.csv"]


def play(request, root, table):
    """Do what SageMaker does: lay out the inputs below `root`, run the command there."""
    for name in code_files():
        (root / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, root / "code" / name)
    (root / "table").mkdir()
    shutil.copyfile(table, root / "table" / table.name)
    words = [
        word.replace(ROOT, str(root)) for word in request["AppSpecification"]["ContainerArguments"]
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        [sys.executable, "-m", "training.prepare", *words],
        cwd=root / "code",
        env=environment,
        check=True,
    )


def test_dry_run_prints_both_requests(table, capsys):
    options = [
        "--metadata",
        str(table),
        "--instances",
        "3",
        "--bucket",
        "birds",
        "--role",
        "arn",
        "--volume-gb",
        "900",
        "--min-recordings",
        "4",
        "--dry-run",
    ]
    assert main(options) == 0
    cutting, joining = json.loads(capsys.readouterr().out)
    cluster = cutting["ProcessingResources"]["ClusterConfig"]
    assert (cluster["InstanceCount"], cluster["VolumeSizeInGB"]) == (3, 900)
    assert "--shards-only" in cutting["AppSpecification"]["ContainerArguments"]
    assert "tensorflow-training" in joining["AppSpecification"]["ImageUri"]


def test_filter_and_length_travel_to_the_machines(table, capsys):
    chosen = {
        "--latitude": ["40", "60"],
        "--max-seconds": ["inf"],
        "--seconds": ["30"],
        "--test-minimum": ["2"],
    }
    words = [word for name, values in chosen.items() for word in (name, *values)]
    wanted = [
        "--metadata",
        str(table),
        "--instances",
        "3",
        "--bucket",
        "birds",
        "--role",
        "arn",
        "--dry-run",
    ]
    assert main([*wanted, "--min-recordings", "1", *words]) == 0
    for request in json.loads(capsys.readouterr().out):
        arguments = parser("").parse_args(request["AppSpecification"]["ContainerArguments"])
        assert (arguments.latitude, arguments.test_minimum) == ([40.0, 60.0], 2)
        assert (arguments.max_seconds, arguments.seconds) == (math.inf, 30.0)


def test_pins_are_those_of_the_app():
    pinned = (REPOSITORY / "requirements-run.txt").read_text() + (
        REPOSITORY / "requirements-dev.txt"
    ).read_text()
    own = [
        line
        for line in (REPOSITORY / "training" / "requirements.txt").read_text().splitlines()
        if "==" in line
    ]
    assert own
    assert all(line in pinned.splitlines() for line in own)


def test_missing_options_are_named(table, capsys):
    assert main(["--metadata", str(table), "--instances", "2"]) == 1
    assert "--instances needs --metadata and --bucket" in capsys.readouterr().err


QUOTA = (
    "The account-level service limit 'ml.c7i.4xlarge for processing job usage' is 0 Instances, "
    "with current utilization of 0 Instances and a request delta of 2 Instances."
)


def test_a_quota_that_is_used_up_and_the_stages_role_are_as_in_deploy(table, monkeypatch, capsys):
    asked = []

    def run(clients, archive, machines):
        asked.append(machines.role)
        error = {"Code": "ResourceLimitExceeded", "Message": QUOTA}
        raise ClientError({"Error": error}, "CreateProcessingJob")

    monkeypatch.setattr(sagemaker_processing, "run", run)
    monkeypatch.setattr(session, "connect", lambda _: None)
    monkeypatch.setattr(foundation, "training_role_arn", lambda *_: "arn:aws:iam::1:role/ours")
    options = ["--metadata", str(table), "--instances", "2", "--bucket", "birds"]
    assert main([*options, "--min-recordings", "1"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("prepare: An AWS quota is used up; ask for more under Service Quotas.")
    assert QUOTA in told
    assert asked == ["arn:aws:iam::1:role/ours"]
