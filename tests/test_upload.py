"""training/jobs/upload.py against moto's S3: sent once, in parts, and checked."""

import boto3
import pytest
from moto import mock_aws

from training.jobs import upload as module
from training.jobs.upload import upload, upload_sealed

PART = 5 * 1024 * 1024


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setattr(module, "PART_BYTES", PART)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="birds")
        yield client


@pytest.fixture
def calls(s3):
    """Names of the operations that were sent to S3."""
    made = []
    s3.meta.events.register("before-call.s3", lambda model, **_: made.append(model.name))
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "windows.npy").write_bytes(b"a" * PART + b"b" * PART + b"c" * 100)
    (tmp_path / "dataset.json").write_text("{}")
    return tmp_path


def read(s3, key):
    return s3.get_object(Bucket="birds", Key=key)["Body"].read()


def test_files_arrive_whole_below_the_prefix(s3, folder):
    addresses = upload(s3, folder, ["windows.npy", "dataset.json"], "birds", "dataset")
    assert addresses == ["s3://birds/dataset/windows.npy", "s3://birds/dataset/dataset.json"]
    assert read(s3, "dataset/windows.npy") == (folder / "windows.npy").read_bytes()
    assert read(s3, "dataset/dataset.json") == b"{}"


def test_large_file_travels_in_no_more_parts_than_s3_takes(s3, folder, calls, monkeypatch):
    monkeypatch.setattr(module, "MAX_PARTS", 2)
    upload(s3, folder, ["windows.npy"], "birds", "dataset")
    assert calls.count("UploadPart") == 2
    assert read(s3, "dataset/windows.npy") == (folder / "windows.npy").read_bytes()


def test_second_upload_sends_nothing(s3, folder, calls):
    upload(s3, folder, ["windows.npy"], "birds", "dataset")
    calls.clear()
    upload(s3, folder, ["windows.npy"], "birds", "dataset")
    assert calls == ["HeadObject"]


def test_changed_file_is_sent_again(s3, folder):
    upload(s3, folder, ["windows.npy"], "birds", "dataset")
    (folder / "windows.npy").write_bytes(b"d" * PART)
    upload(s3, folder, ["windows.npy"], "birds", "dataset")
    assert read(s3, "dataset/windows.npy") == b"d" * PART


def test_stopped_upload_of_another_dataset_leaves_none_that_looks_whole(s3, folder):
    names = ["windows.npy", "dataset.json"]
    upload_sealed(s3, folder, names, "birds", "dataset")
    (folder / "dataset.json").write_text('{"other": 1}')
    (folder / "windows.npy").unlink()
    with pytest.raises(FileNotFoundError):
        upload_sealed(s3, folder, names, "birds", "dataset")
    with pytest.raises(s3.exceptions.NoSuchKey):
        read(s3, "dataset/dataset.json")


def test_same_dataset_is_left_as_it_is(s3, folder, calls):
    for _ in range(2):
        upload_sealed(s3, folder, ["windows.npy", "dataset.json"], "birds", "dataset")
    assert "DeleteObject" not in calls


def test_stopped_upload_starts_again_and_leaves_no_parts(s3, folder):
    def fail(params, **_):
        if params["PartNumber"] == 3:
            raise ConnectionError("cut")

    s3.meta.events.register("provide-client-params.s3.UploadPart", fail)
    with pytest.raises(ConnectionError):
        upload(s3, folder, ["windows.npy"], "birds", "dataset")
    s3.meta.events.unregister("provide-client-params.s3.UploadPart", fail)
    assert not s3.list_multipart_uploads(Bucket="birds").get("Uploads")
    upload(s3, folder, ["windows.npy"], "birds", "dataset")
    assert read(s3, "dataset/windows.npy") == (folder / "windows.npy").read_bytes()


def test_object_that_is_not_what_was_sent_is_an_error(s3, folder):
    def spoil(parsed, **_):
        parsed["ChecksumSHA256"] = "AAAA-3"

    s3.meta.events.register("after-call.s3.HeadObject", spoil)
    with pytest.raises(ValueError, match="does not hold what was sent"):
        upload(s3, folder, ["windows.npy"], "birds", "dataset")


def test_bucket_that_is_not_ours_is_an_error_of_aws(s3, folder):
    with pytest.raises(s3.exceptions.NoSuchBucket):
        upload(s3, folder, ["dataset.json"], "nobodys-bucket", "dataset")
