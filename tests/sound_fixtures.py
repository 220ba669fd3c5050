"""Fixtures of the decoding tests: the real ffmpeg, and one recording in every listed format."""

import numpy as np
import pytest
import sounds


@pytest.fixture
def real_ffmpeg(monkeypatch):
    """Let the decoder find the ffmpeg that pip brought."""
    monkeypatch.setenv("FFMPEG_BINARY", sounds.FFMPEG)


@pytest.fixture(scope="session")
def five_seconds():
    """Five seconds with a 3 kHz tone and some noise, as float samples at 22,050 Hz."""
    rate = sounds.SAMPLE_RATE
    noise = np.random.default_rng(1).normal(0, 0.01, 5 * rate)
    return 0.5 * np.sin(2 * np.pi * 3_000 * np.arange(5 * rate) / rate) + noise


@pytest.fixture(scope="session")
def encoded(five_seconds, tmp_path_factory):
    """The same recording in every listed format: {name: bytes}."""
    wav = sounds.make_wav(sounds.pcm16(five_seconds))
    folder = tmp_path_factory.mktemp("encoded")
    return {name: sounds.encode(wav, options, folder) for name, options in sounds.ENCODERS.items()}
