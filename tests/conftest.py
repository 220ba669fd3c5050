"""Shared fixtures: made sounds, the real recordings, and the rule that CI skips nothing."""

import csv
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from lambda_fixtures import (  # noqa: F401 (fixtures)
    describe,
    fake,
    fetch,
    main_lambda,
    played_aws,
    predict,
    send,
)
from local_app import app, tiny_folder  # noqa: F401 (fixtures: the whole app, and a small model)
from sound_fixtures import encoded, five_seconds, real_ffmpeg  # noqa: F401 (fixtures)
from stack_fixtures import emulated, emulators  # noqa: F401 (fixtures)
from training_fixtures import (  # noqa: F401 (fixtures)
    code,
    dataset,
    dataset_folder,
    images,
    sampler,
)

REPOSITORY = Path(__file__).parent.parent
RECORDINGS = REPOSITORY.parent / "shared" / "recordings"
SAMPLE_RATE = 22_050


@pytest.fixture(scope="session")
def recordings():
    """The folder of real recordings; the test skips where it is absent."""
    if not (RECORDINGS / "metadata.csv").exists():
        pytest.skip("needs the recordings in ../shared/recordings")
    return RECORDINGS


@pytest.fixture(scope="session")
def recording_rows(recordings):
    """The rows of metadata.csv."""
    with (recordings / "metadata.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def tone():
    """Make a sine: tone(3_000, 5.0) -> float32 samples at 22,050 Hz, amplitude 0.5."""

    def make(hertz, seconds, amplitude=0.5):
        times = np.arange(round(SAMPLE_RATE * seconds)) / SAMPLE_RATE
        return (amplitude * np.sin(2 * np.pi * hertz * times)).astype(np.float32)

    return make


@pytest.fixture
def slept(monkeypatch):
    """How long was waited, at once; threads of other tests' servers sleep as ever."""
    pauses, sleep = [], time.sleep

    def pause(seconds):
        mine = threading.current_thread() is threading.main_thread()
        (pauses.append if mine else sleep)(seconds)

    monkeypatch.setattr("time.sleep", pause)
    return pauses


# Files whose tests take minutes come first, so that no worker is left with one at the end.
LONGEST = (
    *("test_train", "test_pipeline", "test_launch", "test_deploy"),
    *("test_page_device", "test_page_listen", "test_run_local"),
)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.path.name.startswith(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """In CI a skip is a failure wherever the recordings are there (docs/contracts.md)."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and RECORDINGS.exists():
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report
