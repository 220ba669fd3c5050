"""The sound: the report's spectrogram in a Worker, chunks on the 5 s grid, WAV files."""

import base64
import io
import math
import wave

import numpy as np
import pytest
from page_browser import RATE, chirps, choose, recording, wait_for, wav
from PIL import Image

from spectrogram_fn.spectrogram import to_spectrogram

pytest_plugins = ["page_fixtures"]
LOUDNESS = """(m, samples) => {
    const sound = Float32Array.from(samples);
    return Array.from(m.loudness(sound, 0, m.countColumns(sound.length)));
}"""


def test_the_page_draws_what_the_network_sees(module):
    samples = chirps(5).astype(np.float32)[: 5 * RATE]
    drawn = np.array(module("core/stft.js", LOUDNESS, samples.tolist()), float).reshape(514, 216).T
    shown = np.clip(
        1 + (drawn - drawn[4:].max()) / 2 / 80, 0, 1
    )  # Half decibels under the loudest above 200 Hz.
    difference = np.abs(shown - to_spectrogram(samples))[
        2:
    ]  # The window's mean stays in the page's lowest bins.
    assert difference.max() < 0.02


def test_a_tone_is_drawn_at_its_pitch(module, tone):
    drawn = np.array(module("core/stft.js", LOUDNESS, tone(3_000, 1.0).tolist())).reshape(-1, 216)
    assert np.all(drawn[5:-5].argmax(axis=1) * RATE / 430 == pytest.approx(3_000, abs=26))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.7, [0.7]),
        (5, [5]),
        (5.3, [5.3]),
        (5.5, [5, 5.5]),
        (12, [5, 12]),
        (35.3, [5, 35.3]),
        (36, [5, 35, 36]),
        (600, [5, *range(35, 600, 30), 600]),
    ],
)
def test_chunks_are_on_the_grid_and_no_remainder_is_too_short(module, seconds, expected):
    chunks = module("core/chunks.js", "(m, n) => m.cutChunks(0, n)", round(seconds * RATE))
    assert [chunk["end"] / RATE for chunk in chunks] == pytest.approx(expected)
    assert [chunk["start"] for chunk in chunks] == [0, *(chunk["end"] for chunk in chunks[:-1])]


def test_a_wav_holds_the_samples_to_the_bit(module):
    samples = np.array([0, 0.5, -0.5, 1, -1, 0.25], np.float32)
    code = """async (m, x) => {
        const bytes = new Uint8Array(await m.encodeWav(Float32Array.from(x), 22050).arrayBuffer());
        return btoa(String.fromCharCode(...bytes));
    }"""
    with wave.open(
        io.BytesIO(base64.b64decode(module("core/wav.js", code, samples.tolist())))
    ) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        assert np.frombuffer(file.readframes(99), "<i2").tolist() == [
            0,
            16384,
            -16384,
            32767,
            -32768,
            8192,
        ]


def test_the_spectrogram_is_made_in_the_worker_before_anything_is_sent(page, api):
    choose(page, recording(12))
    page.wait_for_selector("[data-picture=ready]")
    assert [worker.url.rsplit("/")[-1] for worker in page.workers] == ["sound-worker.js"]
    taken = "try { document.querySelector('#spectrogram').getContext('2d'); false } catch { true }"
    assert page.evaluate(taken)  # The page itself cannot draw on it: the Worker has it.
    assert api.requests == []


def picture(page):
    """The canvas as the reader sees it."""
    return page.locator("#spectrogram").screenshot()


def test_the_axes_tell_kilohertz_and_seconds(page):
    choose(page, recording(20))
    page.wait_for_selector("[data-picture=ready]")
    box, four = (
        page.locator(each).bounding_box() for each in ("#spectrogram", ".khz span:nth-child(4)")
    )
    assert page.locator(".khz span").all_inner_texts() == ["10 kHz", "8", "6", "4", "2"]
    from_top = (four["y"] + four["height"] / 2 - box["y"]) / (
        0.8 * box["height"]
    )  # The waveform takes a fifth.
    assert from_top == pytest.approx(1 - 4 / 11.025, abs=0.01)
    ticks = page.locator("#times span")
    seconds = [int(text[2:]) for text in ticks.all_inner_texts()]
    lefts = ticks.evaluate_all("all => all.map((each) => parseFloat(each.style.left))")
    assert seconds[-1] >= 18
    assert lefts == pytest.approx([100 * each / 20 for each in seconds])


def test_the_waveform_is_tall_where_the_sound_is_loud(page):
    samples = chirps(10) * np.repeat([0.02, 1], 5 * RATE)
    choose(page, {"name": "crescendo.wav", "mimeType": "audio/wav", "buffer": wav(samples)})
    page.wait_for_selector("[data-picture=ready]")
    grey = np.asarray(Image.open(io.BytesIO(picture(page))).convert("L"))
    height, width = grey.shape
    ink = (grey[round(0.81 * height) : round(0.99 * height)] < 128).mean(axis=0)
    assert ink[5 : width // 2 - 5].max() < 0.1
    assert ink[width // 2 :].max() > 0.6


def test_zoom_and_colour_change_the_picture_and_the_axis(page):
    choose(page, recording(20))
    page.wait_for_selector("[data-picture=ready]")
    width, grey = page.locator("#strip").bounding_box()["width"], picture(page)
    page.click("#zoom-in")
    assert page.locator("#strip").bounding_box()["width"] == pytest.approx(2 * width, rel=0.01)
    page.click("#zoom-out")
    page.click("#palette")
    assert page.get_attribute("#palette", "aria-pressed") == "true"
    wait_for(page, lambda: picture(page) != grey)


def test_the_strip_scrolls_where_windows_would_be_too_narrow(open_page):
    page = open_page(viewport={"width": 390, "height": 844})
    choose(page, recording(120))
    page.wait_for_selector("[data-picture=ready]")
    assert page.locator("#strip").bounding_box()["width"] >= math.ceil(120 / 5) * 24
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_stereo_is_mixed_as_the_server_mixes_it(page, api):
    pcm = (np.stack([chirps(6), np.zeros(6 * RATE)], axis=1) * 32_767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((2, 2, RATE, 0, "NONE", ""))
        out.writeframes(pcm.tobytes())
    choose(page, {"name": "stereo.wav", "mimeType": "audio/wav", "buffer": file.getvalue()})
    page.wait_for_selector("[data-picture=ready]")
    page.click("#send")
    page.wait_for_selector("main[data-state=result]")
    sent = np.frombuffer(api.sounds[-1][44:], "<i2")
    np.testing.assert_allclose(sent[:1000], pcm[5 * RATE : 5 * RATE + 1000, 0] / 2, atol=1.01)
