"""training/scores/phones.py: what a phone leaves of a recording."""

import numpy as np
import pytest
import sounds

from training.data.shards import read_pcm
from training.scores import phones

RATE = sounds.SAMPLE_RATE


@pytest.fixture
def recording(tmp_path):
    """Three seconds of quiet noise of all frequencies, under a name that is given."""
    noise = np.random.default_rng(5).normal(0, 0.01, 3 * RATE)

    def make(name):
        path = tmp_path / "Parus_major" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(sounds.make_wav(sounds.pcm16(noise)))
        return path

    return make


def power(samples, low, high):
    return np.mean(np.abs(np.fft.rfft(samples)[3 * low : 3 * high]) ** 2)


@pytest.mark.usefixtures("real_ffmpeg")
def test_copies_are_of_every_kind_narrow_levelled_and_as_long(recording, tmp_path):
    kinds = set()
    for number in range(8):
        original = recording(f"{number}.wav")
        made = phones.copy(original, tmp_path)
        kinds.add(made.suffix)
        heard = np.frombuffer(read_pcm(made), "<i2") / 2**15
        assert heard.size == pytest.approx(3 * RATE, abs=0.1 * RATE)
        heard = np.resize(heard, 3 * RATE)
        assert power(heard, 10_000, 11_000) < 0.01 * power(heard, 1_000, 3_000)
        assert heard.std() > 0.03
        made.unlink()
        assert phones.copy(original, tmp_path) == made
    assert kinds == {".mp3", ".webm", ".m4a"}
