"""Who sings when: windows under the spectrogram, and playing just a part."""

import pytest
from page_api import BLACKBIRD, ROBIN
from page_browser import choose, identify, recording, until

pytest_plugins = ["page_fixtures"]
PLAYER = "document.querySelector('#player')"


def test_windows_are_under_their_part_of_the_spectrogram(page):
    identify(page, recording(38))
    strip = page.locator("#strip").bounding_box()
    window = page.locator("#timeline button").nth(3).bounding_box()
    assert window["x"] - strip["x"] == pytest.approx(strip["width"] * 15 / 38, abs=1)
    assert window["width"] == pytest.approx(strip["width"] * 5 / 38, abs=1)


def test_a_click_plays_just_that_window(page):
    identify(page, recording(12))
    page.locator("#timeline button").nth(2).click()
    assert (page.input_value("#part-from"), page.input_value("#part-to")) == ("10.0", "12.0")
    until(page, f"!{PLAYER}.paused && {PLAYER}.currentTime > 10")
    until(
        page, "parseFloat(document.querySelector('#playhead').style.left) > 84"
    )  # 10 of 12 s are 83 %.
    until(page, f"{PLAYER}.paused")
    page.locator("#timeline button").nth(0).click()
    until(page, f"{PLAYER}.currentTime > 0.2 && {PLAYER}.currentTime < 5.5")
    until(page, f"{PLAYER}.paused && {PLAYER}.currentTime < 6.5")


def test_arrow_keys_go_from_window_to_window(page):
    identify(page, recording(20))
    page.locator("#timeline button").nth(0).focus()
    for key, start in [
        ("ArrowRight", "5.0"),
        ("ArrowRight", "10.0"),
        ("ArrowLeft", "5.0"),
        ("End", "15.0"),
        ("Home", "0.0"),
    ]:
        page.keyboard.press(key)
        assert page.input_value("#part-from") == start
        assert page.evaluate("document.activeElement.parentElement.id") == "timeline"


def test_dragging_over_the_picture_selects_and_a_click_seeks(page):
    choose(page, recording(20))
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


def test_all_species_are_listed_with_their_times(page, api):
    api.songs = [BLACKBIRD, ROBIN]  # One for each part.
    identify(page, recording(35))
    lines = [line.split("\n") for line in page.locator("#found li").all_inner_texts()]
    assert [line[0] for line in lines] == ["A", "B"]
    assert "Common Blackbird Turdus merula" in lines[0][1]
    assert page.locator("#found .times").all_inner_texts() == ["▶ 0:00–0:05", "▶ 0:05–0:35"]
    assert [page.locator("#timeline button").nth(i).inner_text() for i in (0, 1, 6)] == [
        "A",
        "B",
        "B",
    ]


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
