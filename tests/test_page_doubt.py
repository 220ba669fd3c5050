"""A span that is tapped shows its candidates, and can be repeated, slowed and asked about alone."""

import pytest
from page_api import BOTH, POOLING_OF_BIRDS
from page_browser import identify, recording, until, wait_for
from test_page_access import LOOKS, complaints, tab_to

pytest_plugins = ["page_fixtures"]
AT = "document.querySelector('#player').currentTime"


@pytest.fixture
def tapped(page, api):
    """A page with an answer of four birds, whose first span was tapped."""
    api.pooling, api.species = POOLING_OF_BIRDS, BOTH
    identify(page, recording(12))
    page.wait_for_selector("[data-picture=ready]")
    page.locator("#timeline button").first.click()
    page.wait_for_selector("#doubt li")
    return page


def test_the_candidates_of_a_span_have_bars_the_best_first(tapped):
    assert tapped.inner_text("#doubt-title") == "Who it may be from 0:00 to 0:12"
    names = tapped.locator("#doubt .name").all_inner_texts()
    assert names == [each["name"] for each in BOTH]
    bars = tapped.locator("#doubt meter").evaluate_all("all => all.map((it) => it.value)")
    assert bars == [each["probability"] for each in BOTH]
    tapped.click("#clear-part")
    assert not tapped.is_visible("#doubt")


def test_a_part_is_repeated_until_it_is_paused(tapped):
    tapped.click("#loop")
    tapped.fill("#part-from", "1")
    tapped.fill("#part-to", "1.4")
    tapped.press("#part-to", "Tab")
    tapped.evaluate("""() => {
        window.back = 0;
        document.querySelector('#player').addEventListener('seeked', () => window.back++);
    }""")
    tapped.click("#play-part")
    until(tapped, "back >= 3")
    assert tapped.evaluate(AT) < 2
    tapped.click("#loop")
    until(tapped, "document.querySelector('#player').paused")


def test_half_speed_is_half_as_fast(tapped):
    tapped.click("#slow")
    assert tapped.evaluate("document.querySelector('#player').playbackRate") == 0.5
    assert tapped.get_attribute("#slow", "aria-pressed") == "true"
    tapped.click("#slow")
    assert tapped.evaluate("document.querySelector('#player').playbackRate") == 1


def test_the_panel_works_by_keyboard_and_axe_finds_nothing(tapped):
    tab_to(tapped, "#slow")
    tapped.keyboard.press("Enter")
    tab_to(tapped, "#send-part")
    tapped.keyboard.press("Enter")
    wait_for(tapped, lambda: "by itself" in tapped.inner_text("#doubt-answer"))
    for width, theme in LOOKS:
        tapped.set_viewport_size({"width": width, "height": 844})
        tapped.emulate_media(color_scheme=theme)
        assert complaints(tapped) == [], (width, theme)
        assert tapped.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
