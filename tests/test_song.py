"""infra/song.py: a made-up song that sounds as it says."""

import numpy as np
import pytest

from infra.song import make_song

SAMPLE_RATE = 22_050


def loudest_hertz(samples):
    """The frequency of the highest peak."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * SAMPLE_RATE / len(samples)


@pytest.mark.parametrize(("start_seconds", "hertz"), [(0.0, 4_950), (0.95, 3_050), (2.0, 4_950)])
def test_each_second_falls_from_5_to_3_khz(start_seconds, hertz):
    start = round(start_seconds * SAMPLE_RATE)
    part = np.array(make_song(3.0, SAMPLE_RATE))[start : start + SAMPLE_RATE // 20]
    assert loudest_hertz(part) == pytest.approx(hertz, abs=60)


def test_a_song_has_as_many_samples_as_its_seconds():
    assert len(make_song(0.5, SAMPLE_RATE)) == SAMPLE_RATE // 2
