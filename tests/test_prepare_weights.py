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


@pytest.fixture
def mixtures(tmp_path):
    """What it heard in a mixture of two recordings."""
    folder = tmp_path / "mixtures"
    folder.mkdir()
    arrays = {"images": np.zeros((1, 80, 257), np.uint8), "labels": ["Parus major"]}
    parts = {"recordings": [["Parus_major/0.wav", "Pica_pica/0.wav"]], "windows": [[0, 0]]}
    heard = {"scores": np.ones((1, 1)), "embedding": np.ones((1, 2))}
    np.savez(folder / "0.npz", **arrays, **parts, **heard, decibels=[[0, -3]])
    return ["--mixtures", str(folder)]


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


def test_mixtures_lie_beside_the_dataset_until_a_run_without_them(folder, weights, mixtures):
    heard = [*weights, "--teacher", "own"]
    output = run(folder, *heard, *mixtures)
    listener = json.loads((output / "dataset.json").read_text())["listener"]
    assert listener["mixtures"] == 1
    assert {path.name for path in output.glob("mixtures.*")} == {"mixtures.npy", "mixtures.npz"}
    run(folder, *heard)
    assert not list(output.glob("mixtures.*"))
    assert (output / "heard.npz").exists()


def test_mixtures_alone_are_refused_before_anything_is_decoded(folder, mixtures, capsys):
    output = run(folder, *mixtures, status=1)
    assert "--mixtures needs --window-weights" in capsys.readouterr().err
    assert not output.exists()


def test_listener_without_a_name_is_refused_before_anything_is_decoded(folder, weights, capsys):
    output = run(folder, *weights, status=1)
    assert "whose they are: birdnet-2.4, own" in capsys.readouterr().err
    assert not output.exists()


def test_what_was_heard_is_uploaded_with_the_dataset_and_withdrawn_with_it(
    folder, weights, mixtures, monkeypatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="birds")
        kept = []
        for options in ([*weights, *mixtures, "--teacher", "own"], []):
            run(folder, "--bucket", "birds", *options)
            found = s3.list_objects_v2(Bucket="birds")["Contents"]
            kept.append({one["Key"].rpartition("/")[2] for one in found})
    assert kept[0] - kept[1] == {"heard.npz", "mixtures.npz", "mixtures.npy"}
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
