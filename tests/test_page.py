"""The page's simple flow: choose, listen, send, read the name."""

import page_api
import pytest
from page_browser import choose, identify, recording, retry, shown, until

pytest_plugins = ["page_fixtures"]


def test_a_chosen_recording_is_named_with_its_probability(page):
    assert identify(page, recording()) == "result"
    assert shown(page).bird_name == "Common Blackbird"
    assert shown(page).bird_probability == "87 %: quite sure"
    assert page.inner_text("#scientific-name") == "Turdus merula"
    page.click("#perhaps")
    assert page.inner_text("#candidates li").split("\n")[:2] == [
        "European Robin Erithacus rubecula",
        "12 %",
    ]


@pytest.mark.parametrize(
    ("verdict", "state", "name", "line"),
    [
        ("unsure", "unsure", "Common Chaffinch", "34 %: only a guess"),
        ("no_bird", "no-bird", "No bird heard", "No bird voice stands out from the background."),
    ],
)
def test_doubt_is_told_in_plain_words(page, api, verdict, state, name, line):
    api.verdict, api.species = verdict, page_api.DOUBTFUL
    assert identify(page, recording()) == state
    assert (shown(page).bird_name, shown(page).bird_probability) == (name, line)


def test_an_error_of_the_api_is_readable_and_retry_works(page, api):
    api.faults = [page_api.TIMEOUT]
    assert identify(page, recording()) == "error"
    assert shown(page).message == "The bird service took too long. Please try again."
    retry(page)


def test_the_recording_can_be_played(page):
    choose(page, recording(seconds=7))
    until(page, "document.querySelector('#player').duration > 6.9")


def test_the_birds_fly_until_the_button_pauses_them(open_page):
    page = open_page(reduced_motion="no-preference")
    playing = "document.getAnimations().filter((a) => a.playState === 'running').length"
    assert page.evaluate(playing) >= 15
    page.click("#pause-birds")
    until(page, f"({playing}) === 0")
    assert page.inner_text("#pause-birds") == "Let the birds fly"


def test_the_birds_rest_for_readers_who_prefer_no_motion(page):
    assert (
        page.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length")
        == 0
    )
    page.click("#pause-birds")
    until(page, "document.getAnimations().some((a) => a.playState === 'running')")


def test_choosing_a_second_file_shows_and_plays_the_second(page, api):
    identify(page, recording(seconds=12, name="first.wav"))
    api.gate.clear()
    choose(page, recording(seconds=6, name="second.wav"))
    page.wait_for_selector("[data-picture=ready]")
    assert (page.inner_text("#sound-title"), page.inner_text("#sound-length")) == (
        "second.wav",
        "0:06",
    )
    assert page.locator("#timeline button").count() == 0
    until(page, "Math.abs(document.querySelector('#player').duration - 6) < 0.1")
