"""The signal path: windows, the STFT against a slow oracle, and what must never be NaN."""

import base64

import numpy as np
import pytest

from spectrogram_fn import handler, spectrogram

RATE = spectrogram.SAMPLE_RATE


def slow_stft(samples):
    """The modulus of the STFT by the definition of the DFT, frame by frame: [216, 514]."""
    segment, hop = spectrogram.SEGMENT_SAMPLES, spectrogram.HOP_SAMPLES
    padded = np.concatenate([np.zeros(hop), samples, np.zeros(segment)])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segment) / segment)
    frames = np.stack(
        [padded[start * hop : start * hop + segment] * hann for start in range(514)], axis=1
    )
    turns = np.outer(np.arange(segment // 2 + 1), np.arange(segment)) / segment
    return np.abs(np.exp(-2j * np.pi * turns) @ frames) / hann.sum()


def event(samples):
    pcm = (samples * 32_767).astype("<i2").tobytes()
    return {"request_id": "test", "sample_rate": RATE, "pcm": base64.b64encode(pcm).decode()}


def test_spectrogram_equals_the_slow_transform():
    window = np.random.default_rng(1).normal(0, 0.1, spectrogram.WINDOW_SAMPLES).astype(np.float32)
    modulus = slow_stft(window.astype(np.float64) - window.mean())
    expected = np.clip(1 + 20 * np.log10(modulus / modulus[4:].max()) / 80, 0, 1)
    assert np.abs(spectrogram.to_spectrogram(window) - expected).max() < 1e-3


@pytest.mark.parametrize("hertz", [500, 3_000, 8_000])
def test_tone_peaks_in_its_own_bin(tone, hertz):
    picture = spectrogram.to_spectrogram(tone(hertz, 5.0))
    assert picture.shape == spectrogram.SHAPE
    assert abs(int(picture[:, 250].argmax()) - hertz * 430 / RATE) <= 1
    assert picture.max() == 1
    assert picture.min() >= 0


def test_volume_does_not_change_the_spectrogram(tone):
    loud = tone(3_000, 5.0) + tone(5_000, 5.0, 0.01)
    difference = spectrogram.to_spectrogram(loud) - spectrogram.to_spectrogram(loud * 0.05)
    assert np.abs(difference).max() < 1e-3


def test_rumble_does_not_hide_a_quiet_bird(tone):
    rumble, bird = tone(50, 5.0, 0.9), tone(4_000, 5.0, 0.01)
    picture = spectrogram.to_spectrogram(rumble + bird)
    assert picture[78, 100:400].min() > 0.8


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(110_250),
        np.full(110_250, 0.3),
        np.full(110_250, -1.0),
        np.resize([1e-5, -1e-5], 110_250),
    ],
    ids=["silence", "direct current", "lowest value", "noise below -80 dBFS"],
)
def test_window_without_sound_is_silent_and_black(samples):
    window = samples.astype(np.float32)
    assert spectrogram.is_silent(window)
    assert not spectrogram.to_spectrogram(window).any()


def test_single_click_gives_numbers():
    window = np.zeros(spectrogram.WINDOW_SAMPLES, np.float32)
    window[50_000] = 1
    assert np.isfinite(spectrogram.to_spectrogram(window)).all()


def test_low_tone_alone_stays_in_range(tone):
    picture = spectrogram.to_spectrogram(tone(60, 5.0))
    assert np.isfinite(picture).all()
    assert picture[60:].max() < 0.5


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.5, [(0, 0.5)]),
        (5.0, [(0, 5)]),
        (5.001, [(0, 5.001)]),
        (5.499, [(0, 5.499)]),
        (5.5, [(0, 5), (5, 5.5)]),
        (12.0, [(0, 5), (5, 10), (10, 12)]),
        (60.5, [(start, start + 5) for start in range(0, 60, 5)] + [(60, 60.5)]),
    ],
)
def test_windows_cover_the_recording(seconds, expected):
    windows = spectrogram.split_windows(np.ones(round(seconds * RATE), np.float32))
    found = [(window.start_seconds, window.end_seconds) for window in windows]
    assert found == [pytest.approx(times, abs=1e-3) for times in expected]
    assert all(window.samples.shape == (spectrogram.WINDOW_SAMPLES,) for window in windows)


def test_short_clip_is_repeated_to_five_seconds():
    clip = np.arange(1, 40_001, dtype=np.float32)
    (window,) = spectrogram.split_windows(clip)
    assert np.array_equal(window.samples[:80_000], np.tile(clip, 2))


def test_remainder_is_repeated_and_not_mixed_with_what_came_before():
    samples = np.concatenate([np.zeros(110_250), np.full(20_000, 0.5)]).astype(np.float32)
    assert (spectrogram.split_windows(samples)[1].samples == 0.5).all()


def test_recording_of_no_samples_is_refused():
    with pytest.raises(ValueError, match="at least one sample"):
        spectrogram.split_windows(np.zeros(0, np.float32))


def test_one_sample_gives_one_finite_window():
    (window,) = spectrogram.split_windows(np.ones(1, np.float32))
    assert np.isfinite(spectrogram.to_spectrogram(window.samples)).all()


def test_wrong_window_length_is_refused():
    with pytest.raises(ValueError, match="110250 samples"):
        spectrogram.to_spectrogram(np.zeros(100, np.float32))


def test_handler_answers_all_windows_in_one_call(tone):
    samples = np.concatenate([tone(3_000, 5.0), np.zeros(7 * RATE, np.float32)])
    answer = handler.handler(event(samples), None)
    assert answer["shape"] == [216, 514]
    assert answer["audio_seconds"] == 12.0
    assert [window["silent"] for window in answer["windows"]] == [False, True, True]
    values = np.frombuffer(base64.b64decode(answer["windows"][0]["spectrogram"]), np.uint8)
    assert values.reshape(216, 514)[:, 250].argmax() in {58, 59}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_rate": 44_100}, "expected sample_rate 22050"),
        ({"pcm": "AA=="}, "multiple"),
        ({"pcm": "!"}, "base64"),
    ],
)
def test_handler_refuses_an_event_that_is_not_of_the_contract(tone, change, message):
    with pytest.raises(ValueError, match=message):
        handler.handler({**event(tone(440, 1.0)), **change}, None)
