"""Who sings when: lanes under the spectrogram, and playing just a part."""

import pytest
from page_api import BLACKBIRD, POOLING_OF_BIRDS, ROBIN
from page_browser import identify, recording, until

pytest_plugins = ["page_fixtures"]
PLAYER = "document.querySelector('#player')"


@pytest.fixture
def lanes(page, api):
    """Identify a recording in which two birds sing one after the other; give back its spans."""
    api.pooling, api.songs = POOLING_OF_BIRDS, [BLACKBIRD, ROBIN]
    identify(page, recording(12))
    return page.locator("#timeline button")


def test_spans_are_under_their_part_of_the_spectrogram(page, lanes):
    strip = page.locator("#strip").bounding_box()
    span = page.locator(".lane[data-species='Erithacus rubecula'] button").bounding_box()
    assert span["x"] - strip["x"] == pytest.approx(strip["width"] * 5 / 12, abs=1)
    assert span["width"] == pytest.approx(strip["width"] * 7 / 12, abs=1)


def test_a_click_plays_just_that_span(page, lanes):
    robin = page.locator(".lane[data-species='Erithacus rubecula'] button")
    robin.click()
    assert (page.input_value("#part-from"), page.input_value("#part-to")) == ("5.0", "12.0")
    until(page, f"!{PLAYER}.paused && {PLAYER}.currentTime > 5")
    until(
        page, "parseFloat(document.querySelector('#playhead').style.left) > 42"
    )  # 5 of 12 s are 41.7 %.
    page.locator(".lane[data-species='Turdus merula'] button").click()
    until(page, f"{PLAYER}.currentTime > 0.2 && {PLAYER}.currentTime < 5.5")
    until(page, f"{PLAYER}.paused && {PLAYER}.currentTime < 6.5")


def test_arrow_keys_go_from_span_to_span(page, lanes):
    lanes.nth(0).focus()
    starts = [lanes.nth(i).get_attribute("data-start") for i in range(2)]
    for key, at in [("ArrowRight", 1), ("ArrowLeft", 0), ("End", 1), ("Home", 0)]:
        page.keyboard.press(key)
        assert float(page.input_value("#part-from")) == float(starts[at])
        assert page.evaluate("document.activeElement.closest('#timeline') !== null")


def test_while_it_plays_the_lane_and_the_row_that_sing_are_lit(page, lanes):
    page.locator(".lane[data-species='Erithacus rubecula'] button").click()
    lit = "[...document.querySelectorAll('[aria-current=true]')].map(e => e.dataset.species).join()"
    until(page, f"({lit}).includes('Erithacus') && !({lit}).includes('Turdus')")
    assert page.get_attribute("#birds > li[data-species='Erithacus rubecula']", "aria-current")
    page.evaluate(f"{PLAYER}.pause()")
    until(page, f"{lit} === ''")


def test_space_plays_and_pauses(page, lanes):
    assert page.evaluate("document.activeElement.id") == "bird-name"
    page.keyboard.press("Space")
    until(page, f"!{PLAYER}.paused")
    page.keyboard.press("Space")
    until(page, f"{PLAYER}.paused")


def test_dragging_over_the_picture_selects_and_a_click_seeks(page):
    identify(page, recording(20))
    page.wait_for_selector("[data-picture=ready]")
    box = page.locator("#spectrogram").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=4)
    page.mouse.up()
    assert float(page.input_value("#part-from")) == pytest.approx(5, abs=0.1)
    assert float(page.input_value("#part-to")) == pytest.approx(10, abs=0.1)
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 60)
    until(page, f"Math.abs({PLAYER}.currentTime - 15) < 0.2")


def test_doubt_brings_tips_and_a_bird_brings_reference_recordings(page, api):
    identify(page, recording(5))
    assert (
        page.get_attribute("#reference", "href") == "https://xeno-canto.org/species/Turdus-merula"
    )
    assert not page.is_visible("#tips")
    api.verdict = "no_bird"
    identify(page, recording(5))
    assert page.is_visible("#tips")
    assert not page.is_visible("#reference")
