"""training/launch.py: the same training as a SageMaker job and on this machine."""

import json
import os
import re

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from datasets import read_table, write_recordings, write_table, write_wav
from moto import mock_aws

from infra.endpoint import plan
from training import launch
from training.jobs import images, local_job
from training.jobs.images import training_image
from training.jobs.job import METRICS, PRESETS, Job, Machines, describe
from training.jobs.source_folder import REPOSITORY, SIGNAL_PATH, SOURCE_DIR, assemble
from training.launch import ARCHITECTURES, main
from training.prepare import main as prepare

RECORDED = REPOSITORY / "tests" / "events" / "create_training_job.json"
REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/training"
# 200,000 windows are 44 GB.
SUMMARY = b'{"fingerprint": "fingerprint", "counts": {"windows": {"test": 50000, "train": 150000}}}'
ON_AWS = [
    "--bucket",
    "birds",
    "--role",
    ROLE,
    "--minutes",
    "30",
    "--epochs",
    "40",
    "--seed",
    "3",
    "--instance-count",
    "2",
]


def job(machines=PRESETS["better"], **hyperparameters):
    values = {
        "architecture": "default",
        "epochs": 40,
        "minutes": 30.0,
        "seed": 3,
        **hyperparameters,
    }
    return Job(
        ROLE,
        training_image(REGION),
        "birds",
        "training",
        "fingerprint",
        44_100_000_000,
        machines,
        values,
    )


def test_reports_machine_is_a_preset():
    compute = describe(job(PRESETS["report"]))["compute"]
    assert (compute["instance_type"], compute["instance_count"]) == ("ml.m4.xlarge", 1)
    assert compute["enable_managed_spot_training"] is False


def test_presets_are_machines_that_sagemaker_trains_on():
    known = (
        boto3.client("sagemaker", region_name=REGION)
        .meta.service_model.shape_for("TrainingInstanceType")
        .enum
    )
    assert all(machines.instance_type in known for machines in PRESETS.values())


def test_spot_job_may_wait_and_keeps_its_checkpoints():
    words = describe(job())
    assert words["stopping_condition"] == {
        "max_runtime_in_seconds": 5_400,
        "max_wait_time_in_seconds": 19_800,
    }
    assert words["checkpoint_config"]["s3_uri"].startswith("s3://birds/training/checkpoints/")


def test_bought_machine_does_not_wait():
    assert "max_wait_time_in_seconds" not in describe(job(PRESETS["report"]))["stopping_condition"]


def test_same_job_goes_on_from_its_checkpoints_and_another_does_not():
    assert job().checkpoints == job().checkpoints
    assert job().checkpoints != job(seed=4).checkpoints


def test_everything_lies_in_the_folder_that_the_role_may_use():
    words = describe(job())
    for address in (
        words["output_data_config"]["s3_output_path"],
        words["input_data_config"]["data_source"],
    ):
        assert address.startswith("s3://birds/training/")


@pytest.mark.parametrize("machines", [("m4.xlarge", 1), ("ml.m4.xlarge", 0)])
def test_machines_that_cannot_be_are_refused(machines):
    with pytest.raises(ValueError, match="expected ml"):
        Machines(*machines)


def test_launch_asks_by_default_for_what_train_does_by_default(monkeypatch):
    monkeypatch.syspath_prepend(str(SOURCE_DIR))
    monkeypatch.syspath_prepend(str(SIGNAL_PATH.parent))
    import train  # noqa: PLC0415 (seconds)

    assert ARCHITECTURES == train.model.ARCHITECTURES
    defaults = train.arguments(["--data", "here", "--model-dir", "there"])
    asked = launch._hyperparameters(launch._parser().parse_args([]))
    assert asked == {name: getattr(defaults, name) for name in asked}


def test_training_exports_with_the_tensorflow_that_the_endpoint_serves():
    """A model of a newer one might not load there. The tests here train with it, too."""
    served = re.search(r"tensorflow-inference:(\d+\.\d+)-", plan.TAG)[1]
    folder = REPOSITORY / "training" / "source_dir"
    for lock, package in (
        (folder / "requirements.txt", "tensorflow"),
        (REPOSITORY / "requirements-dev.txt", "tensorflow-cpu"),
    ):
        (version,) = re.findall(rf"^{package}==(\S+)", lock.read_text(), re.MULTILINE)
        assert version.rpartition(".")[0] == served
    shipped = (REPOSITORY / "training" / "model" / "saved_model" / "saved_model.pb").read_bytes()
    assert f"{served}.".encode() in shipped


def test_the_images_are_those_that_get_patches():
    """AWS's manual names those on Amazon Linux 2023 (training/jobs/images.py, endpoint/plan.py)."""
    assert all(tag.endswith("-amzn2023-sagemaker") for tag in (plan.TAG, images.TAG))


def test_region_without_an_image_is_refused():
    with pytest.raises(ValueError, match="mars-1"):
        training_image("mars-1")


def test_container_gets_the_training_code_and_the_signal_path_only(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "old.py").write_text("")
    names = assemble(tmp_path / "code")
    own = {path.name for path in (REPOSITORY / "training" / "source_dir").glob("*.py")}
    assert set(names) - {"requirements.txt"} == own | {"spectrogram.py"}
    assert sorted(path.name for path in (tmp_path / "code").iterdir()) == names


@pytest.fixture
def aws(monkeypatch):
    """S3 with a dataset in it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with mock_aws():
        yield boto3.client("s3", region_name=REGION)


def put_dataset(s3):
    s3.create_bucket(Bucket="birds", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="birds", Key="training/dataset/dataset.json", Body=SUMMARY)


def test_dry_run_prints_the_job(aws, capsys):
    put_dataset(aws)
    assert main([*ON_AWS, "--preset", "report", "--spot", "--dry-run"]) == 0
    words = json.loads(capsys.readouterr().out)
    assert words["compute"]["instance_type"] == "ml.m4.xlarge"
    assert (
        words["compute"]["instance_count"],
        words["compute"]["enable_managed_spot_training"],
    ) == (2, True)
    assert words["compute"]["volume_size_in_gb"] == 144
    assert words["checkpoint_config"]["s3_uri"] == job().checkpoints
    assert "train.py" in words["source_code"]


def test_missing_dataset_is_named(aws, capsys):
    aws.create_bucket(Bucket="birds", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert main([*ON_AWS, "--dry-run"]) == 1
    assert "s3://birds/training/dataset/dataset.json is missing" in capsys.readouterr().err


def test_recorded_request_is_one_that_sagemaker_takes():
    model = boto3.client("sagemaker", region_name=REGION).meta.service_model.operation_model(
        "CreateTrainingJob"
    )
    problems = ParamValidator().validate(json.loads(RECORDED.read_text()), model.input_shape)
    assert not problems.has_errors(), problems.generate_report()


def test_recorded_request_says_what_the_job_says():
    request, words = json.loads(RECORDED.read_text()), describe(job())
    assert request["AlgorithmSpecification"]["TrainingImage"] == words["training_image"]
    assert request["AlgorithmSpecification"]["MetricDefinitions"] == [
        {"Name": metric["name"], "Regex": metric["regex"]} for metric in words["metric_definitions"]
    ]
    assert request["HyperParameters"] == {
        name: str(value) for name, value in words["hyperparameters"].items()
    }
    assert request["CheckpointConfig"]["S3Uri"] == words["checkpoint_config"]["s3_uri"]
    assert request["EnableManagedSpotTraining"] is True
    assert request["ResourceConfig"] == {
        "InstanceType": "ml.c7i.2xlarge",
        "InstanceCount": 2,
        "VolumeSizeInGB": 144,
    }
    assert {channel["ChannelName"] for channel in request["InputDataConfig"]} == {
        "training",
        "code",
        "sm_drivers",
    }


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Two listed species, an unlisted one, and clips without a bird."""
    folder = tmp_path_factory.mktemp("launch") / "recordings"
    times = np.arange(6 * 22_050) / 22_050

    def chirps(hertz, _seconds):
        return (0.4 * np.sin(2 * np.pi * hertz * times) * (np.sin(4 * np.pi * times) > 0)).astype(
            np.float32
        )

    species = {"Parus_major": 4_000, "Pica_pica": 1_500, "Rara_avis": 700}
    write_recordings(folder, chirps, species, ("Lee", "Eka", "Day", "Fox", "Gun", "Hox"))
    rows = read_table(folder / "metadata.csv")
    write_table(folder / "metadata.csv", rows[:-2])
    noises = np.random.default_rng(5).normal(0, 0.1, (4, 110_250)).astype(np.float32)
    for number, noise in enumerate(noises):
        write_wav(folder / "no_bird" / f"{number}.wav", noise)
    clips = [
        {"filename": f"{number}.wav", "sound": "noise", "freesound_id": f"{number}"}
        for number in range(4)
    ]
    write_table(folder / "no_bird" / "metadata.csv", clips)
    small = [
        "--min-recordings",
        "6",
        "--test-minimum",
        "1",
        "--test-total",
        "2",
        "--processes",
        "1",
    ]
    assert (
        prepare(["--recordings", str(folder), "--output", str(folder.parent / "dataset"), *small])
        == 0
    )
    return folder.parent / "dataset"


def test_entry_point_runs_here_as_sagemaker_runs_it_and_two_machines_go_on_together(
    dataset, tmp_path, capfd
):
    root = tmp_path / "opt-ml"
    here = ["--local", "--data", str(dataset), "--output", str(root), "--seed", "5"]
    assert main([*here, "--epochs", "1"]) == 0
    assert (root / "model" / "model.tflite").exists()
    assert (
        json.loads((root / "input" / "config" / "hyperparameters.json").read_text())["seed"] == "5"
    )
    log = capfd.readouterr().out
    assert all(re.search(regex, log) for regex in METRICS.values()), log
    # 0 from both also means that their weights were compared and are equal.
    assert main([*here, "--epochs", "2", "--instance-count", "2"]) == 0
    assert "going on after epoch 1" in capfd.readouterr().out
    report = json.loads((root / "model" / "training.json").read_text())
    assert (report["epochs"], report["machines"], report["windows_seen"]) == (2, 2, 64)
    second = root / "instances" / "2"
    assert not [*(second / "model").iterdir(), *second.rglob("*.index")]


def test_machine_that_fails_ends_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(local_job, "ENTRY_SCRIPT", "stub.py")
    monkeypatch.setattr(local_job, "assemble", write_stub)
    roots = [tmp_path / "1", tmp_path / "2"]
    (tmp_path / "data").mkdir()
    assert local_job.run(roots, tmp_path / "data", {}, []) == 3


def write_stub(folder):
    """A training of which the second machine fails at once; the first would go on for an hour."""
    folder.mkdir(parents=True)
    is_first = "os.environ['SM_CURRENT_HOST'] == json.loads(os.environ['SM_HOSTS'])[0]"
    (folder / "stub.py").write_text(
        f"import json, os, sys, time\nif {is_first}:\n    time.sleep(3600)\nsys.exit(3)\n"
    )


def test_environment_is_that_of_the_container(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    environment = local_job.prepare(
        tmp_path, dataset, {"epochs": 2}, hosts=["algo-1"], host="algo-1"
    )
    assert os.path.realpath(environment["SM_CHANNEL_TRAINING"]) == str(dataset)
    assert environment["SM_MODEL_DIR"] == str(tmp_path / "model")
    assert json.loads(environment["SM_HOSTS"]) == [environment["SM_CURRENT_HOST"]]
    assert "PYTHONPATH" not in environment


def test_a_quota_that_is_used_up_is_told_as_in_deploy(monkeypatch, capsys):
    message = "The account-level service limit 'ml.c7i.2xlarge for spot training job usage' is 0."
    error = {"Code": "ResourceLimitExceeded", "Message": message}

    def refuse(_):
        raise ClientError({"Error": error}, "CreateTrainingJob")

    monkeypatch.setattr(launch, "_run_on_aws", refuse)
    assert main([]) == 1
    told = capsys.readouterr().err
    assert told == (
        f"launch: An AWS quota is used up; ask for more under Service Quotas. AWS says: {message}\n"
    )


def test_local_run_without_a_dataset_says_how_to_make_one(tmp_path, capsys):
    assert main(["--local", "--data", str(tmp_path)]) == 1
    assert "python -m training.prepare" in capsys.readouterr().err
