"""Recording in the page, with a microphone that hears a WAV file."""

import numpy as np
import pytest
from page_browser import RATE, chirps, recording, shown, until, wait_for, wait_state

pytest_plugins = ["page_fixtures"]
ALLOW = ["microphone"]


def record(page, seconds=3):
    """Record for some seconds of the page's own clock."""
    page.click("#record")
    wait_state(page, "recording")
    until(
        page,
        f"parseInt(document.querySelector('#record-time').textContent.split(':')[1]) >= {seconds}",
    )


def test_what_the_microphone_hears_is_recorded_and_named(open_page, api, microphone):
    page = open_page(browser=microphone, permissions=ALLOW)
    record(page, 6)
    page.click("#record-stop")
    assert wait_state(page, "result") == "result"
    assert shown(page).bird_name == "Common Blackbird"
    sent = b"".join(part[44:] for part in api.sounds)
    assert likeness(np.frombuffer(sent, "<i2") / 32_768, chirps(6)) > 0.9


def likeness(heard, played):
    """Return the correlation of the magnitudes of two spectra: 1 for the same sound."""
    spectra = [np.abs(np.fft.rfft(each, 8 * RATE)) for each in (heard, played)]
    smooth = [np.convolve(each, np.ones(400), "same") for each in spectra]
    return np.corrcoef(*smooth)[0, 1]


def test_three_seconds_are_the_least_and_the_meter_moves(open_page, microphone):
    page = open_page(browser=microphone, permissions=ALLOW)
    page.click("#record")
    wait_state(page, "recording")
    assert page.is_disabled("#record-stop")
    wait_for(page, lambda: page.evaluate("document.querySelector('#level').value") > 0.05)
    live = page.locator("#live")
    first = live.screenshot()
    wait_for(page, lambda: live.screenshot() != first)
    wait_for(page, lambda: page.is_enabled("#record-stop"))


@pytest.mark.parametrize("end", ["discard", "stop", "another file"])
def test_however_it_ends_the_microphone_is_released(open_page, microphone, end):
    page = open_page(browser=microphone, permissions=ALLOW)
    page.evaluate("""() => {
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wish) => (window.stream = await ask(wish));
    }""")
    record(page, 3 if end == "stop" else 0)
    if end == "another file":
        page.set_input_files("input[type=file]", recording(6))
    else:
        page.click(f"#record-{end}")
    assert wait_state(page, "empty", "result") == ("empty" if end == "discard" else "result")
    until(page, "window.stream.getTracks().every((track) => track.readyState === 'ended')")


def test_after_sixty_seconds_it_stops_by_itself(open_page, microphone):
    page = open_page(browser=microphone, permissions=ALLOW)
    page.evaluate("""() => {
        window.AudioWorkletNode = class extends AudioWorkletNode {
            constructor(...given) { super(...given); window.port = this.port; }
        };
    }""")
    record(page, 1)
    assert page.inner_text("#record-time").endswith(" / 1:00")
    page.evaluate("port.onmessage({ data: new Int16Array(60 * 48000) }), 0")
    assert wait_state(page, "result") == "result"


def test_a_hidden_page_stops_and_keeps_what_it_heard(open_page, microphone):
    page = open_page(browser=microphone, permissions=ALLOW)
    record(page, 3)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert wait_state(page, "result", "error") == "result"
    page.wait_for_selector("[data-picture=ready]")
    assert page.inner_text("#sound-title").endswith(".wav")


def test_a_recording_without_a_name_is_there_after_a_reload(open_page, api, microphone):
    page = open_page(browser=microphone, permissions=ALLOW)
    api.gate.clear()
    record(page, 3)
    page.click("#record-stop")
    page.wait_for_selector("#history > li", state="attached")  # Shown with the answer.
    name = page.inner_text("#sound-title")
    page.reload()
    wait_state(page, "chosen")
    assert page.inner_text("#sound-title") == name


def test_a_denied_microphone_is_told_in_one_sentence(open_page, launch):
    page = open_page(
        browser=launch("--deny-permission-prompts", "--use-fake-device-for-media-stream")
    )
    page.click("#record")
    assert wait_state(page, "error") == "error"
    assert shown(page).message.startswith("The microphone cannot be used.")
    page.context.grant_permissions(ALLOW)
    page.click("#send")
    assert wait_state(page, "recording") == "recording"


def test_without_https_the_button_says_why_it_cannot_record(open_page, api, launch):
    port = api.site_url.rsplit(":")[-1]
    page = open_page(browser=launch("--host-resolver-rules=MAP birds.example 127.0.0.1"))
    page.goto(f"http://birds.example:{port}")
    page.wait_for_selector("body[data-birds]")
    assert page.is_disabled("#record")
    assert (
        page.inner_text("#record-why")
        == "Recording needs a secure (https) address. You can still choose a file."
    )
