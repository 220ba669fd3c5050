"""Files named on this device: as the API names them, and who answered is said."""

from concurrent.futures import ThreadPoolExecutor

import local_app
import numpy as np
import pytest
from page_browser import (
    ENDS,
    RATE,
    chances,
    chirps,
    choose,
    identify,
    opened,
    processor_seconds,
    recording,
    saved_answer,
    wait_for,
    wait_state,
    wav,
)
from scipy import signal

from birdapp.chalicelib.errors import MESSAGES
from birdapp.chalicelib.model import Model, Prediction
from birdapp.chalicelib.pooling import PoolingRule
from birdapp.chalicelib.response import judge_windows
from birdapp.chalicelib.spectrogram_client import Window
from spectrogram_fn.spectrogram import from_pcm, to_bytes, to_spectrogram

pytest_plugins = ["page_fixtures"]
MOST_SECONDS = 15
COUNT = 50
TIE = 0.001
MOST_APART = 0.003
TO_INPUT = """(m, pcm) => {
    const bytes = m.toInput(m.fill(Int16Array.from(pcm)));
    return bytes && Array.from(bytes);
}"""


@pytest.fixture
def api(listening_api):
    """The page names birds itself."""
    return listening_api


def pcm(samples):
    return np.round(np.clip(samples, -1, 1) * 32_767).astype("<i2")


@pytest.mark.parametrize("seconds", [0.7, 5])
@pytest.mark.parametrize("offset", [0, 0.2])
def test_the_network_gets_the_spectrogram_of_the_server_to_the_byte(module, seconds, offset):
    sound = pcm(chirps(seconds) + offset)
    found = module("core/network-input.js", TO_INPUT, sound.tolist())
    window = np.resize(from_pcm(sound.tobytes()), 5 * RATE)
    expected = to_bytes(to_spectrogram(window)).ravel().astype(int)
    difference = np.abs(np.array(found) - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001


@pytest.mark.parametrize("level", [0, 1.4])
def test_a_window_below_80_decibels_is_silent(module, level):
    sound = np.random.default_rng(1).normal(1_000, level, 5 * RATE).round().astype(int)
    assert module("core/network-input.js", TO_INPUT, sound.tolist()) is None


@pytest.mark.parametrize("independent", [False, True])
@pytest.mark.parametrize("row", [[0.5, 0.7, 0.2], [0.1, 0.1, 0.05], [0.6, 0.3, 0.01]])
@pytest.mark.parametrize(("bird", "another"), [(0.9, 0.12345), (0.3, None)])
def test_a_window_is_judged_as_by_the_server(module, independent, row, bird, another):
    names = ["Wren", "Robin", "Rook"]
    pooling = {"species_per_window": 2}
    settings = {
        "independent": independent,
        "thresholds": {"bird": 0.5, "no_bird": 0.4},
        "pooling": pooling,
    }
    constants = {"labels": names, "names": names, "settings": settings}
    found = module(
        "core/judge.js",
        "(m, [constants, seen]) => m.judgeWindow(constants, seen)",
        [
            constants,
            {"probabilities": row, "bird": bird} | ({"another": another} if another else {}),
        ],
    )
    total = 1 if independent else max(1, sum(row))
    rule = PoolingRule(4, 2, ((0, 0), (1, 1)), 0.5)
    model = Model(names, names, "v", 0.5, 0.4, pooling, rule, None, independent)
    others = [another] if another else None
    prediction = Prediction(model, [[value / total for value in row]], [bird], others)
    (expected,) = judge_windows([Window(0, 5, False, "")], prediction)
    assert (found["verdict"], found["bird"]) == (expected.verdict, expected.bird)
    assert found.get("another") == expected.another
    assert found["species"] == [one._asdict() for one in expected.species]


@pytest.mark.parametrize("rate", [48_000, 44_100, 22_050, 16_000, 96_000])
def test_a_microphone_of_any_rate_is_resampled_in_a_stream(module, rate):
    times = np.arange(rate) / rate
    sound = 8_000 * np.sin(2 * np.pi * (1_000 + 2_700 * times) * times)
    batches = """(m, [rate, pcm]) => {
        const resampler = new m.Resampler(rate);
        const out = [];
        for (let at = 0; at < pcm.length; at += 4096)
            out.push(...resampler.push(Int16Array.from(pcm.slice(at, at + 4096))));
        return out;
    }"""
    found = np.array(module("core/resample.js", batches, [rate, sound.round().tolist()]))
    expected = signal.resample(sound, RATE)
    assert found.size == pytest.approx(RATE, abs=40)
    middle = slice(RATE // 8, found.size - RATE // 8)
    assert np.abs(found[middle] - expected[: found.size][middle]).max() < 80


@pytest.fixture(scope="module")
def songs(recordings, recording_rows):
    """Fifty real recordings, of as many species as there are."""
    rows = sorted(
        (row for row in recording_rows if float(row["seconds"]) <= MOST_SECONDS),
        key=lambda row: row["filename"].rsplit("/")[-1],
    )
    seen = {}
    for row in rows:
        seen.setdefault(row["scientific_name"], []).append(recordings / row["filename"])
    most = max(map(len, seen.values()))
    return [files[i] for i in range(most) for files in seen.values() if i < len(files)][:COUNT]


def test_fifty_recordings_are_named_as_by_the_api(app, browser, songs):
    assert len(songs) == COUNT
    # LiteRT.js may still be on its way to the server.
    assert local_app.wait_for(
        lambda: b"true" in local_app.ask(app.site_url, "GET", "/config.js")[2]
    )
    with ThreadPoolExecutor(1) as api, opened(browser, app.site_url) as page:
        answers = api.map(lambda song: app.classify(song.read_bytes(), top=20), songs)
        sent = []
        page.on(
            "request",
            lambda request: sent.append(request.url) if "classify" in request.url else None,
        )
        page.check("#on-device")
        pairs = [pair(page, song, *answer) for song, answer in zip(songs, answers, strict=True)]
    assert sent == []
    heard = [each for each in pairs if each]
    assert [each for each in heard if not same_best(*each)] == []
    apart = [difference(*each) for each in heard]
    assert max(apart) <= MOST_APART, apart
    assert [here["verdict"] for here, _ in heard] == [there["verdict"] for _, there in heard]


def pair(page, song, status, told):
    """This device's answer and the API's; None where both refuse the sound."""
    state = identify(page, song)
    assert (status == 200) == (state != "error"), (song, state, told)
    return (saved_answer(page), told) if status == 200 else None


def same_best(here, there):
    """Whether both name the same first; where two are as good as equal, either may be."""
    first = here["species"][0]["scientific_name"]
    return abs(chances(there).get(first, 0) - there["species"][0]["probability"]) <= TIE


def difference(here, there):
    """What a list of the API leaves out is at most as likely as its last."""
    told = chances(there)
    least = min(told.values())
    return max(
        abs(p - told[name]) if name in told else p - least for name, p in chances(here).items()
    )


def test_a_file_is_named_ten_times_as_fast_as_it_lasts_on_one_core(open_page, browser):
    """By the processor's time, which other work on the machine does not make longer."""
    page = open_page()
    page.check("#on-device")
    identify(page, recording(5))  # The network is loaded.
    minutes = wav(np.tile(chirps(60), 2))
    before = processor_seconds(browser)
    state = identify(page, {"name": "two.wav", "mimeType": "audio/wav", "buffer": minutes})
    assert state != "error"
    spent = processor_seconds(browser) - before
    print(spent)
    assert spent <= 120 / 10


@pytest.mark.parametrize(
    ("samples", "code"),
    [(chirps(0.4), "audio_too_short"), (np.zeros(5 * RATE), "silent_audio")],
    ids=["short", "silent"],
)
def test_this_device_says_what_is_wrong_with_a_sound_in_the_words_of_the_api(
    open_page, samples, code
):
    page = open_page()
    page.check("#on-device")
    file = {"name": "a.wav", "mimeType": "audio/wav", "buffer": wav(samples)}
    assert identify(page, file) == "error"
    assert page.inner_text("#message") == MESSAGES[code]


def test_a_part_of_the_page_that_was_out_of_reach_is_loaded_when_asked_again(open_page):
    page = open_page()
    page.check("#on-device")
    page.context.route("**/listen/work.js", lambda route: route.abort())
    assert identify(page, recording(5)) == "error"
    page.context.unroute("**/listen/work.js")
    page.click("#send")
    assert wait_state(page, *ENDS) != "error"


def test_who_answered_is_said_and_the_choice_is_kept(open_page, api):
    page = open_page()
    identify(page, recording(5))
    assert page.inner_text("#answered-by") == "Named by the bird service (model canned)."
    assert len(api.requests) == 1
    page.reload()
    page.wait_for_selector("body[data-birds]")
    assert page.inner_text("#privacy").startswith("Your recording is sent")
    page.check("#on-device")
    assert page.inner_text("#privacy") == "Your recording stays on this device."
    page.reload()
    page.wait_for_selector("body[data-birds]")
    assert page.is_checked("#on-device")
    identify(page, recording(5))
    assert page.inner_text("#answered-by").startswith("Named on this device (model ")
    assert len(api.requests) == 1


@pytest.mark.parametrize(("kind", "here"), [("4g", False), ("3g", True)])
def test_where_the_browser_knows_of_a_slow_network_this_device_is_the_default(
    open_page, kind, here
):
    page = open_page()
    page.add_init_script(
        f"Object.defineProperty(navigator, 'connection', {{value: {{effectiveType: '{kind}'}}}})"
    )
    page.reload()
    page.wait_for_selector("body[data-birds]")
    assert page.is_checked("#on-device") == here


def test_after_a_slow_answer_of_the_service_this_device_is_the_default(page, api):
    api.gate.clear()
    choose(page, recording(5))
    wait_for(page, lambda: api.requests)
    page.wait_for_timeout(1_200)
    api.gate.set()
    wait_state(page, "result")
    identify(page, recording(5))
    assert len(api.requests) == 1
    assert page.inner_text("#answered-by").startswith("Named on this device")


def test_where_the_service_cannot_be_reached_this_device_answers(open_page, api):
    page = open_page()
    page.route("**/classify", lambda route: route.abort())
    assert identify(page, recording(5)) != "error"
    assert page.inner_text("#answered-by").startswith("Named on this device")
