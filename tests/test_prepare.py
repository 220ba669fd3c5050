"""training/prepare.py, training/data/build.py: recordings become a dataset, once and whole."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import imageio_ffmpeg
import numpy as np
import pytest
from datasets import contents, read_table, write_recordings, write_table, write_wav
from moto import mock_aws

from spectrogram_fn import spectrogram
from training.data import shards
from training.prepare import main

SPECIES = {"Parus_major": 3_000, "Pica_pica": 1_500}
RECORDISTS = ("Ann Lee", "Bo Ek", "Cy Day", "Di Fox", "Ed Gu", "Fay Ho")
SMALL_SPLIT = [
    "--min-recordings",
    "6",
    "--test-minimum",
    "1",
    "--test-total",
    "2",
    "--processes",
    "1",
]


@pytest.fixture
def folder(tmp_path, tone):
    """Two species, six recordists each: 6 s of tone a recording."""
    return write_recordings(tmp_path / "recordings", tone, SPECIES, RECORDISTS)


def run(folder, *options):
    output = folder.parent / "dataset"
    assert main(["--recordings", str(folder), "--output", str(output), *SMALL_SPLIT, *options]) == 0
    return output


def test_windows_are_the_recordings_cut_as_the_app_cuts_them(folder):
    output = run(folder)
    stored = np.load(output / "windows.npy", mmap_mode="r")
    rows = read_table(output / "windows.csv")
    assert (stored.dtype, stored.shape) == (np.int16, (24, spectrogram.WINDOW_SAMPLES))
    assert [int(row["index"]) for row in rows] == list(range(24))
    for row in rows[::5]:
        cut = spectrogram.split_windows(shards.read_audio(folder / row["recording_id"]))
        expected = cut[int(float(row["start_seconds"]) // 5)]
        assert np.array_equal(
            spectrogram.from_pcm(stored[int(row["index"])].tobytes()), expected.samples
        )
        assert float(row["end_seconds"]) == expected.end_seconds


def test_tables_keep_the_metadata_and_say_the_part(folder):
    output = run(folder)
    recordings = read_table(output / "recordings.csv")
    parts = {row["recording_id"]: row["part"] for row in recordings}
    assert [row["note"] for row in recordings[:6]] == list("012345")
    assert set(parts.values()) == {"train", "calibration", "test"}
    assert all(
        row["part"] == parts[row["recording_id"]] for row in read_table(output / "windows.csv")
    )


def test_summary_names_the_listed_species_and_the_signal_path(folder):
    summary = json.loads((run(folder) / "dataset.json").read_text())
    assert summary["listed"] == ["Parus_major", "Pica_pica"]
    assert summary["signal_path"] == {
        "sample_rate": 22_050,
        "window_samples": 110_250,
        "shape": [216, 514],
    }
    assert sum(summary["counts"]["windows"].values()) == 24
    assert sum(summary["species"][0]["recordings"].values()) == 6


def test_second_run_changes_nothing(folder):
    before = contents(run(folder))
    for audio in folder.glob("*/*.wav"):
        # Were it read again, it would be missed.
        audio.write_bytes(b"x" * audio.stat().st_size)
    assert contents(run(folder)) == before


def test_stopped_run_goes_on_where_it_was(folder, monkeypatch):
    expected = contents(run(folder))
    for path in (folder.parent / "dataset").iterdir():
        path.unlink()
    run(folder, "--shards-only")
    monkeypatch.setattr(
        shards, "read_audio", lambda path, **_: pytest.fail(f"{path} was read again")
    )
    assert contents(run(folder)) == expected


def test_run_that_cuts_elsewhere_takes_no_windows_of_a_stopped_one(folder):
    expected = contents(run(folder, "--seconds", "5"))
    for path in (folder.parent / "dataset").iterdir():
        path.unlink()
    run(folder, "--shards-only")
    assert contents(run(folder, "--seconds", "5")) == expected


def test_audio_that_changed_since_a_stopped_run_is_read_again(folder, tone):
    run(folder, "--shards-only")
    changed = folder / "Parus_major" / "0.wav"
    write_wav(changed, tone(2_000, 11.0))
    later = time.time() + 60
    os.utime(changed, (later, later))
    found = read_table(run(folder) / "windows.csv")
    assert [row["end_seconds"] for row in found if row["recording_id"] == "Parus_major/0.wav"][
        -1
    ] == "11.0"


@pytest.mark.parametrize(
    "last_file", ["windows.npy", "windows.csv", "recordings.csv", "dataset.json"]
)
def test_run_that_was_killed_while_it_wrote_goes_on(folder, monkeypatch, last_file):
    """Killed right after this file was renamed into place; the shards are then still there."""
    expected = contents(run(folder))
    for path in (folder.parent / "dataset").iterdir():
        path.unlink()
    rename = Path.replace

    def kill(self, target):
        rename(self, target)
        if Path(target).name == last_file:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", kill)
    with pytest.raises(AssertionError):
        run(folder)
    monkeypatch.undo()
    monkeypatch.setattr(
        shards, "read_audio", lambda path, **_: pytest.fail(f"{path} was read again")
    )
    assert contents(run(folder)) == expected
    assert not (folder.parent / "dataset" / "shards").exists()


def test_run_stopped_amid_its_work_ends_at_once(folder):
    """Ctrl-C in a terminal reaches the workers too, which wait for an ffmpeg that never ends."""
    rows = read_table(folder / "metadata.csv")
    stuck = [{**rows[0], "filename": f"{number}.ogg"} for number in range(20)]
    write_table(folder / "metadata.csv", [*rows, *stuck])
    for row in stuck:
        (folder / row["filename"]).write_bytes(b"OggS" + bytes(100))
    ffmpeg = folder / "ffmpeg"
    ffmpeg.write_text("#!/bin/sh\nexec sleep 60\n")
    ffmpeg.chmod(0o700)
    command = [
        sys.executable,
        "-m",
        "training.prepare",
        "--recordings",
        folder,
        "--output",
        folder / "out",
    ]
    environment = {**os.environ, "FFMPEG_BINARY": str(ffmpeg)}
    with subprocess.Popen(
        [*command, "--processes", "2"], env=environment, start_new_session=True
    ) as process:
        try:
            while len(list(folder.glob("out/shards/**/*.npz"))) < 4:
                assert process.poll() is None
                time.sleep(0.05)
            os.killpg(process.pid, signal.SIGINT)
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(25) == 130
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_all_cores_make_the_same_dataset_as_one(folder):
    expected = contents(run(folder))
    for path in (folder.parent / "dataset").iterdir():
        path.unlink()
    assert contents(run(folder, "--processes", "2")) == expected


def test_recording_that_cannot_be_used_is_listed_and_skipped(folder, capsys):
    rows = read_table(folder / "metadata.csv")
    extra = [
        {**rows[0], "filename": name, "recordist": "Gus Orr"}
        for name in ("page.wav", "gone.wav", "short.wav")
    ]
    write_table(folder / "metadata.csv", [*rows, *extra])
    (folder / "page.wav").write_text("<html>Not found</html>")
    write_wav(folder / "short.wav", np.full(1000, 0.5, np.float32))
    reasons = {
        row["recording_id"]: row["reason"]
        for row in read_table(run(folder) / "recordings.csv")
        if row["reason"]
    }
    printed = capsys.readouterr()
    assert "3 recordings could not be used" in printed.out
    assert "decode: 100%" in printed.err
    assert reasons["gone.wav"] == "missing file"
    assert reasons["page.wav"].startswith("unreadable: unsupported_audio")
    assert reasons["short.wav"].startswith("unreadable: audio_too_short")
    assert len(reasons) == 3


def test_archive_is_filtered_and_only_the_first_seconds_are_used(folder, tone):
    rows = read_table(folder / "metadata.csv")
    places = [{**row, "latitude": "50", "longitude": "10"} for row in rows]
    places[0]["latitude"] = "0"
    table = folder.parent / "archive.csv"
    write_table(table, places)
    write_wav(folder / rows[1]["filename"], tone(3_000, 31.0))
    output = run(folder, "--metadata", str(table), "--min-recordings", "5")
    found = [
        row
        for row in read_table(output / "windows.csv")
        if row["recording_id"] == rows[1]["filename"]
    ]
    assert [row["start_seconds"] for row in found] == ["0.0", "5.0", "10.0"]
    assert rows[0]["filename"] not in (output / "recordings.csv").read_text()


@pytest.mark.parametrize(
    ("options", "starts"),
    [
        ([], ["0.0", "5.0", "10.0"]),
        (["--max-seconds", "7"], ["0.0", "5.0"]),
        (["--max-seconds", "inf"], ["0.0", "5.0", "10.0", "15.0"]),
        (["--max-seconds", "inf", "--seconds", "5"], ["0.0"]),
        (["--seconds", "inf"], ["0.0", "5.0", "10.0", "15.0"]),
    ],
)
def test_more_or_less_of_an_archives_recordings_can_be_used(folder, tone, options, starts):
    rows = [
        {**row, "latitude": "50", "longitude": "10"} for row in read_table(folder / "metadata.csv")
    ]
    write_table(folder.parent / "archive.csv", rows)
    write_wav(folder / rows[1]["filename"], tone(3_000, 18.0))
    output = run(folder, "--metadata", str(folder.parent / "archive.csv"), *options)
    found = read_table(output / "windows.csv")
    assert [
        row["start_seconds"] for row in found if row["recording_id"] == rows[1]["filename"]
    ] == starts


@pytest.mark.parametrize("seconds", ["0", "-1", "nan"])
def test_length_that_is_none_is_refused(folder, seconds, capsys):
    assert (
        main(
            [
                "--recordings",
                str(folder),
                "--output",
                str(folder.parent / "out"),
                "--seconds",
                seconds,
            ]
        )
        == 1
    )
    assert "expected seconds above 0, or inf" in capsys.readouterr().err


def test_rare_species_are_other_birds_and_clips_without_birds_come_along(folder, tone):
    rows = read_table(folder / "metadata.csv")
    write_table(
        folder / "metadata.csv",
        [
            *rows,
            {
                **rows[0],
                "filename": "rare.wav",
                "primary_label": "Rara_avis",
                "scientific_name": "Rara avis",
            },
        ],
    )
    write_wav(folder / "rare.wav", tone(2_000, 5.0))
    write_wav(folder / "no_bird" / "rain.wav", tone(500, 5.0))
    write_table(
        folder / "no_bird" / "metadata.csv",
        [{"filename": "rain.wav", "sound": "Rain", "freesound_id": "1"}],
    )
    output = run(folder)
    labels = {row["primary_label"] for row in read_table(output / "windows.csv")}
    assert labels == {"Parus_major", "Pica_pica", "Rara_avis", "no_bird"}
    assert json.loads((output / "dataset.json").read_text())["listed"] == [
        "Parus_major",
        "Pica_pica",
    ]


def test_impossible_split_is_an_error_in_words(folder, capsys):
    output = folder.parent / "dataset"
    assert (
        main(
            [
                "--recordings",
                str(folder),
                "--output",
                str(output),
                *SMALL_SPLIT,
                "--test-total",
                "99",
            ]
        )
        == 1
    )
    assert "of 99 in test" in capsys.readouterr().err
    assert not (output / "dataset.json").exists()


def test_steady_noise_is_no_activity_and_calls_are(tone):
    noise = np.random.default_rng(3).normal(0, 0.01, spectrogram.WINDOW_SAMPLES).astype(np.float32)
    calls = noise.copy()
    calls[22_050:26_460] += tone(3_000, 0.2)
    assert shards.activity(noise) < 0.002
    assert shards.activity(calls) > 2 * shards.activity(noise)
    assert shards.activity(20 * calls) == pytest.approx(shards.activity(calls), abs=1e-3)
    assert shards.activity(np.zeros(spectrogram.WINDOW_SAMPLES, np.float32)) == 0


def test_window_in_which_little_happens_is_drawn_less_by_the_training(folder, tone, code):
    sound = (
        np.random.default_rng(3).normal(0, 0.01, 2 * spectrogram.WINDOW_SAMPLES).astype(np.float32)
    )
    for start in range(0, 100_000, 20_000):
        sound[start : start + 4_410] += tone(3_000, 0.2)
    for audio in (folder / "Parus_major").iterdir():
        write_wav(audio, sound)
    dataset = code.corpus.load(run(folder))
    weights = code.hearing.make_lessons(dataset, None).weights
    drawn = [
        weights[windows]
        for label, windows in code.hearing.recordings(dataset)
        if label == "Parus_major"
    ]
    assert drawn
    assert all(first > 5 * second > 0 for first, second in drawn)


def test_dataset_is_uploaded_once(folder, monkeypatch, capsys):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="birds")
        output = run(folder, "--bucket", "birds")
        run(folder, "--bucket", "birds")
        for name, content in contents(output).items():
            assert (
                s3.get_object(Bucket="birds", Key=f"training/dataset/{name}")["Body"].read()
                == content
            )
    assert "s3://birds/training/dataset/windows.npy" in capsys.readouterr().out


def test_pcm_of_any_codec_is_stored_bit_for_bit(tmp_path, tone):
    write_wav(tmp_path / "tone.wav", tone(3_000, 5.0))
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        tmp_path / "tone.wav",
        tmp_path / "tone.ogg",
    ]
    subprocess.run(command, check=True)
    samples = shards.read_audio(tmp_path / "tone.ogg")
    assert np.array_equal(spectrogram.from_pcm(shards.to_pcm(samples).tobytes()), samples)
    assert samples.size == pytest.approx(spectrogram.WINDOW_SAMPLES, abs=2_000)


def test_half_shard_is_refused_by_name(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(ValueError, match=r"a\.npz: expected a shard"):
        shards.read_shard(tmp_path / "a.npz")


def test_full_disk_is_a_sentence_before_a_window_is_written(folder, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    output = folder.parent / "dataset"
    words = ["--recordings", str(folder), "--output", str(output), *SMALL_SPLIT]
    assert main(words) == 1
    assert "no room for 0.0 GB: No space left on device" in capsys.readouterr().err
    assert not list(output.glob("windows.npy*"))
    monkeypatch.undo()
    assert main(words) == 0
