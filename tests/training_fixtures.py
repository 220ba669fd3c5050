"""What tests of training/source_dir share: its modules as in the container, a tiny dataset."""

import csv
import sys
import wave
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spectrogram_fn import spectrogram
from training import prepare

REPOSITORY = Path(__file__).parent.parent
MODULES = [path.stem for path in (REPOSITORY / "training" / "source_dir").glob("*.py")]
SPECIES = {"Parus_major": 4_000, "Pica_pica": 1_500, "Strix_aluco": 700}
# One each: family names that even a careless table would not confuse.
RECORDISTS = ["Lee", "Ek", "Day", "Fox", "Gu", "Ho", "Ivy", "Jay", "Kim", "Low", "Moe", "Nagy"]
RECORDISTS += ["Ott", "Poe", "Quo"]
SMALL = ["--min-recordings", "6", "--test-minimum", "1", "--test-total", "2", "--processes", "1"]


@pytest.fixture(scope="session")
def code():
    """The modules of the container's folder, imported side by side, with spectrogram.py."""
    folders = [str(REPOSITORY / "training" / "source_dir"), str(REPOSITORY / "spectrogram_fn")]
    sys.path[:0] = folders
    yield SimpleNamespace(**{name: import_module(name) for name in MODULES})
    sys.path[:] = [folder for folder in sys.path if folder not in folders]


@pytest.fixture(scope="session")
def dataset_folder(tmp_path_factory):
    """Three species, two of them listed, and clips without a bird, prepared as a user's are."""
    root = tmp_path_factory.mktemp("training")
    rows, recordists = [], iter(RECORDISTS)
    for label, hertz in SPECIES.items():
        for number in range(3 if label == "Strix_aluco" else 6):
            name = f"{label}/{number}.wav"
            write_wav(root / name, chirps(hertz + 40 * number))
            rows.append((name, label, label.replace("_", " "), next(recordists)))
    for number in range(4):
        noise = np.random.default_rng(number).normal(0, 0.1, 110_250)
        write_wav(root / f"no_bird/{number}.wav", noise)
        rows.append((f"no_bird/{number}.wav", "no_bird", "no_bird", f"{number}{number}"))
    head = ("filename", "primary_label", "scientific_name", "recordist")
    with (root / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    folders = ["--recordings", str(root), "--output", str(root / "dataset")]
    assert prepare.main([*folders, *SMALL]) == 0
    return root / "dataset"


@pytest.fixture
def dataset(code, dataset_folder):
    """The same, as training reads it."""
    return code.corpus.load(dataset_folder)


@pytest.fixture
def images(code, dataset, tmp_path):
    """The bands of its windows."""
    return code.corpus.keep_images(dataset, code.front.MEL, tmp_path / "images.npy")


@pytest.fixture
def sampler(code, dataset, images):
    """What draws from its training part."""
    lessons = code.hearing.make_lessons(dataset, None)
    return code.sampler.Sampler(dataset, images, code.front.MEL, lessons)


def chirps(hertz):
    """Seven seconds of a tone that comes and goes."""
    times = np.arange(7 * spectrogram.SAMPLE_RATE) / spectrogram.SAMPLE_RATE
    return 0.4 * np.sin(2 * np.pi * hertz * times) * (np.sin(2 * np.pi * 2 * times) > 0)


def write_wav(path, samples):
    """Write 16-bit mono at 22,050 Hz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, spectrogram.SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((samples * 32_767).astype("<i2").tobytes())
