"""training.prepare --window-weights, and labels that are mended before anything is decoded."""

import json

import boto3
import numpy as np
import pytest
from datasets import read_table, write_recordings
from moto import mock_aws

from training.data import mended_labels
from training.prepare import main

SPECIES = {"Parus_major": 3_000, "Pica_pica": 1_500}
RECORDISTS = ("Ann Lee", "Bo Ek", "Cy Day", "Di Fox", "Ed Gu", "Fay Ho")
SMALL = ["--min-recordings", "6", "--test-minimum", "1", "--test-total", "2", "--processes", "1"]


@pytest.fixture
def folder(tmp_path, tone):
    """Two species, six recordists each: 6 s of tone a recording."""
    return write_recordings(tmp_path / "recordings", tone, SPECIES, RECORDISTS)


@pytest.fixture
def weights(tmp_path):
    """What a listener heard in the first window of each recording."""
    names = [f"{label}/{number}.wav" for label in SPECIES for number in range(6)]
    arrays = {"recording": names, "window": [0] * 12, "labels": ["Parus major"]}
    np.savez(tmp_path / "weights.npz", **arrays, scores=np.full((12, 1), 0.5))
    return ["--window-weights", str(tmp_path / "weights.npz")]


def run(folder, *options, status=0):
    output = folder.parent / "dataset"
    words = ["--recordings", str(folder), "--output", str(output), *SMALL, *options]
    assert main(words) == status
    return output


def test_scores_of_a_listener_lie_beside_the_dataset_which_says_whose(folder, weights):
    output = run(folder, *weights, "--teacher", "birdnet-2.4")
    with np.load(output / "heard.npz") as heard:
        assert np.isfinite(heard["scores"]).sum() == 12
    listener = json.loads((output / "dataset.json").read_text())["listener"]
    assert (listener["teacher"], listener["windows"]) == ("birdnet-2.4", 0.5)


def test_run_without_a_listener_takes_the_scores_of_another_run_away(folder, weights):
    before = (run(folder) / "dataset.json").read_bytes()
    output = run(folder, *weights, "--teacher", "own")
    assert (output / "dataset.json").read_bytes() != before
    run(folder)
    assert (output / "dataset.json").read_bytes() == before
    assert not (output / "heard.npz").exists()


def test_listener_without_a_name_is_refused_before_anything_is_decoded(folder, weights, capsys):
    output = run(folder, *weights, status=1)
    assert "whose they are: birdnet-2.4, own" in capsys.readouterr().err
    assert not output.exists()


def test_scores_are_uploaded_with_the_dataset_and_withdrawn_with_them(folder, weights, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="birds")
        kept = []
        for options in ([*weights, "--teacher", "own"], []):
            run(folder, "--bucket", "birds", *options)
            found = s3.list_objects_v2(Bucket="birds")["Contents"]
            kept.append({one["Key"].rpartition("/")[2] for one in found})
    assert kept[0] - kept[1] == {"heard.npz"}
    assert "dataset.json" in kept[1]


def test_labels_are_mended_and_counted(folder, tmp_path, monkeypatch):
    table = tmp_path / "labels.csv"
    table.write_text(
        "recording,action,reason\nParus_major/0.ogg,left out,x\nPica_pica/1.ogg,held back,y\n"
    )
    monkeypatch.setattr(mended_labels, "LABELS", table)
    output = run(folder, "--min-recordings", "5")
    names = {row["recording_id"] for row in read_table(output / "recordings.csv")}
    assert len(names) == 10
    assert not names & {"Parus_major/0.wav", "Pica_pica/1.wav"}
    summary = json.loads((output / "dataset.json").read_text())
    assert summary["mended"] == {"left_out": 1, "held_back": 1, "named_anew": 0}
