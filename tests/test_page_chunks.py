"""Analysis in chunks: progress, cancelling, waiting, one sentence for each fault."""

import page_api
import pytest
from page_browser import (
    choose,
    identify,
    long_recording,
    recording,
    retry,
    shown,
    until,
    wait_for,
    wait_state,
    wav,
)

pytest_plugins = ["page_fixtures"]
PROGRESS = "document.querySelector('#progress-text').textContent"


def test_the_first_answer_comes_before_the_others(page, api):
    api.let_through(1)
    choose(page, recording(70))
    until(page, f"{PROGRESS} === '1 of 4 parts'")
    assert page.get_attribute("main", "data-state") == "analysing"
    assert shown(page).bird_name == "Common Blackbird"
    api.gate.set()
    assert wait_state(page, "result") == "result"


def test_chunks_are_joined_into_the_whole(page, api):
    identify(page, recording(38))
    assert sorted(api.seconds) == [3.0, 5.0, 30.0]
    lane = page.locator("#timeline button")
    assert [each.get_attribute("title") for each in lane.all()] == [
        "0:00–0:38: Common Blackbird, 87 %"
    ]


def test_ten_minutes_are_cancelled_started_again_and_finished(page, api, tmp_path):
    api.let_through(4)
    choose(page, long_recording(tmp_path, 600))
    until(page, f"{PROGRESS} === '4 of 21 parts'")
    assert page.evaluate("document.querySelector('#bar').position") == pytest.approx(4 / 21)
    page.click("#cancel")
    assert wait_state(page, "chosen") == "chosen"
    api.gate.set()
    page.click("#send")
    assert wait_state(page, "result") == "result"
    title = page.locator("#timeline button").get_attribute("title")
    assert title == "0:00–10:00: Common Blackbird, 87 %"


def test_what_was_answered_is_not_asked_again(page, api):
    api.faults = [None, page_api.TIMEOUT]
    assert identify(page, recording(12)) == "error"
    page.click("#send")
    wait_state(page, "result")
    assert api.seconds == [5.0, 7.0, 7.0]


@pytest.mark.parametrize("fault", [page_api.BUSY, page_api.AWAY], ids=["429", "503"])
def test_a_busy_api_is_waited_for_as_it_asks(page, api, fault):
    api.faults = [fault, fault]
    choose(page, recording(5))
    until(page, "document.querySelector('#waiting').textContent.includes('Trying again in 1 s')")
    assert wait_state(page, "result", "error") == "result"
    assert page.inner_text("#waiting") == ""


def test_an_api_that_stays_busy_is_told(open_page, api):
    page = open_page()
    page.clock.install()
    api.faults = [page_api.BUSY] * 9
    choose(page, recording(5))
    wait_for(
        page,
        lambda: page.clock.run_for(1_100) or page.get_attribute("main", "data-state") == "error",
    )
    assert shown(page).message == page_api.BUSY[2]
    api.faults = []
    retry(page)


def test_a_slow_api_is_told_and_the_recording_kept(open_page, api):
    page = open_page()
    page.evaluate("window.patience = AbortSignal.timeout, 0")
    page.evaluate("AbortSignal.timeout = () => patience.call(AbortSignal, 300), 0")
    api.gate.clear()
    choose(page, recording(5))
    assert wait_state(page, "error") == "error"
    assert shown(page).message == "The bird service took too long to answer. Please try again."
    api.gate.set()
    page.evaluate("AbortSignal.timeout = window.patience, 0")
    retry(page)


def test_an_api_that_is_down_is_told_and_the_recording_kept(open_page, api):
    page = open_page()  # What goes past one while it starts is not routed.
    page.route(f"{api.url}/**", lambda route: route.abort("connectionrefused"))
    assert identify(page, recording(5)) == "error"
    assert (
        shown(page).message
        == "The bird service cannot be reached. Check your connection and try again."
    )
    page.unroute(f"{api.url}/**")
    retry(page)


def test_an_answer_of_another_form_is_told(open_page, api):
    page = open_page()
    page.route(
        f"{api.url}/**",
        lambda route: route.fulfill(body="<html>", headers={"Access-Control-Allow-Origin": "*"}),
    )
    assert identify(page, recording(5)) == "error"
    assert shown(page).message.startswith(
        "The bird service gave an answer that this page does not understand"
    )


def test_a_silent_chunk_is_no_bird_and_no_failure(page, api):
    api.faults = [None, page_api.SILENT]
    assert identify(page, recording(12)) == "result"
    titles = page.locator("#timeline button").evaluate_all("all => all.map((each) => each.title)")
    assert titles == [
        "0:00–0:05: Common Blackbird, 87 %",
    ]


def test_a_wholly_silent_recording_is_told(page, api):
    api.faults = [page_api.SILENT, page_api.SILENT]
    assert identify(page, recording(12)) == "error"
    assert shown(page).message == ("The recording is silent, or too quiet to hear anything in it.")


def test_what_the_browser_cannot_read_is_sent_as_it_is(page, api):
    choose(
        page, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"a blackbird sang at dawn"}
    )
    page.wait_for_selector("[data-picture=none]")
    assert wait_state(page, "error") == "error"
    assert shown(page).message == page_api.NOT_AUDIO[2]
    assert api.sounds == [b"a blackbird sang at dawn"]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (0, "This file is empty. Please choose another recording."),
        (500 * 2**20, "This file is too large. Please choose one of at most 400 MB."),
    ],
    ids=["0 bytes", "500 MB"],
)
def test_a_file_of_a_hopeless_size_is_told_and_sends_nothing(page, api, tmp_path, size, message):
    file = tmp_path / "bird.mp3"
    with file.open("wb") as out:
        out.truncate(size)
    page.set_input_files("input[type=file]", file)
    wait_state(page, "error")
    assert shown(page).message == message
    page.click("#send")
    wait_state(page, "error")
    assert page.inner_text("#sound-title") == "bird.mp3"
    assert api.requests == []


def test_a_large_file_that_cannot_be_read_is_told(page, api):
    buffer = b"\0" * (5 * 2**20)
    assert identify(page, {"name": "old.amr", "mimeType": "audio/amr", "buffer": buffer}) == "error"
    assert shown(page).message.startswith("This browser cannot read the file")
    assert api.requests == []


def test_only_the_chosen_part_is_sent(page, api):
    identify(page, recording(40))
    page.wait_for_selector("[data-picture=ready]")
    api.seconds.clear()
    page.fill("#part-from", "12.5")
    page.fill("#part-to", "20")
    page.press("#part-to", "Tab")
    page.click("#send-part")
    wait_for(page, lambda: "by itself: Common Blackbird" in page.inner_text("#doubt-answer"))
    assert api.seconds == [5.0, 2.5]


def test_a_second_choice_stops_the_first(page, api):
    api.gate.clear()
    choose(page, recording(12, name="first.wav"))
    wait_for(page, lambda: api.requests)
    choose(page, {"name": "second.wav", "mimeType": "audio/wav", "buffer": wav([0.1] * 150_000)})
    page.wait_for_selector("[data-picture=ready]")
    wait_for(page, lambda: len(api.requests) == 2)
    api.gate.set()
    assert wait_state(page, "result") == "result"
    assert api.seconds[1:] == [5.0, pytest.approx(1.8, abs=0.01)]
    assert page.inner_text("#sound-length") == "0:06.8"
