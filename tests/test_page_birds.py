"""Rows of birds: several at once, none that is known, and what is only perhaps there."""

import page_api
import pytest
from page_browser import identify, recording, saved_answer, shown, until

pytest_plugins = ["page_fixtures"]
ROWS = """all => all.map(({dataset: d}) => [d.species, Number(d.confidence), d.certain])"""
NAMES = ["Turdus merula", "Erithacus rubecula", "Fringilla coelebs"]


@pytest.fixture
def two(page, api):
    """The page after two certain birds, one that is not, and one candidate."""
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.BOTH
    identify(page, recording(12))
    return page


def test_two_birds_are_two_rows_and_the_headline_counts_them(two):
    assert shown(two).bird_name == "2 birds"
    assert shown(two).bird_probability == "Common Blackbird 96 %, European Robin 91 %"
    assert two.locator("#birds > li").evaluate_all(ROWS) == [
        [NAMES[0], 0.96, "true"],
        [NAMES[1], 0.91, "true"],
        [NAMES[2], 0.64, "false"],
    ]


def test_each_certain_bird_has_a_lane_in_its_own_colour(two):
    lanes = two.locator("#timeline .lane:visible")
    assert [each.get_attribute("data-species") for each in lanes.all()] == NAMES[:2]
    colours = lanes.locator("button").evaluate_all(
        "all => all.map((each) => getComputedStyle(each).backgroundColor)"
    )
    assert len(set(colours)) == 2
    tops = lanes.evaluate_all("all => all.map((each) => each.getBoundingClientRect().top)")
    assert tops[1] >= tops[0] + 20


def test_what_is_perhaps_there_is_folded_until_it_is_asked_for(two):
    chaffinch = two.locator("#birds > li[data-certain=false]")
    assert not chaffinch.is_visible()
    assert not two.is_visible("#candidates")
    assert two.inner_text("#perhaps") == "Perhaps (2)"
    two.click("#perhaps")
    assert chaffinch.is_visible()
    assert two.locator("#timeline .lane:visible").count() == 3
    assert two.inner_text("#candidates").split("\n")[0].startswith("Eurasian Wren")


def test_a_row_plays_its_bird_and_shares_it_alone(open_page, api):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.BOTH
    identify(page, recording(12))
    robin = page.locator(f"#birds > li[data-species='{NAMES[1]}']")
    robin.locator(".times button").click()
    until(page, "!document.querySelector('#player').paused")
    robin.locator(".share").click()
    until(page, "document.querySelector('#share-told').textContent === 'Copied.'")
    other = open_page()
    other.goto(page.input_value("#share-link"))
    other.reload()
    other.wait_for_selector("main[data-state=result]")
    assert shown(other).bird_name == "European Robin"
    assert other.locator("#birds > li").evaluate_all(ROWS) == [[NAMES[1], 0.91, "true"]]


def test_a_shared_link_carries_every_bird(two, open_page):
    two.click("#share")
    until(two, "document.querySelector('#share-link').value !== ''")
    rows = two.locator("#birds > li").evaluate_all(ROWS)
    other = open_page()
    other.goto(two.input_value("#share-link"))
    other.reload()
    other.wait_for_selector("main[data-state=result]")
    assert other.locator("#birds > li").evaluate_all(ROWS) == rows
    assert other.locator("#birds > li .times").first.inner_text() == "0:00–0:12"


def test_the_json_carries_the_birds(two):
    answer = saved_answer(two)
    first = answer["birds"][0]
    assert (first["confidence"], first["certain"]) == (0.96, True)
    assert first["spans"] == [{"start_seconds": 0, "end_seconds": 12}]
    assert [each["scientific_name"] for each in answer["candidates"]] == ["Troglodytes troglodytes"]


def test_a_bird_that_is_not_listed_is_told_in_its_own_words(page, api):
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.CUCKOO
    assert identify(page, recording(12)) == "unknown-bird"
    assert shown(page).bird_name == "A bird sings, but none of the 4 that I know"
    assert "Wood-Pigeon" not in page.inner_text("main")
    assert page.locator("#birds > li").count() == 0
    page.click("#answer [popovertarget=known]")
    page.wait_for_selector("#known-list li")
    assert page.locator("#known-list li").count() == 4


def test_an_unsure_answer_names_nothing_that_is_under_ten_per_cent(page, api):
    api.species, api.verdict = page_api.CUCKOO, "unsure"
    assert identify(page, recording(5)) == "unsure"
    assert shown(page).bird_name == "I cannot tell which bird this is"


def test_on_a_phone_names_certainties_and_lanes_are_above_the_fold(open_page, api):
    page = open_page(viewport={"width": 390, "height": 844})
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.BOTH
    identify(page, recording(40))
    page.evaluate("scrollTo(0, 0)")
    for each in ("#bird-name", "#bird-probability", "#timeline"):
        box = page.locator(each).bounding_box()
        assert box["y"] + box["height"] <= 844


@pytest.mark.parametrize(("seconds", "visible"), [(60, False), (130, True)])
def test_from_two_minutes_on_a_map_shows_the_whole_recording(open_page, api, seconds, visible):
    page = open_page(viewport={"width": 390, "height": 844})
    identify(page, recording(seconds))
    assert page.is_visible("#minimap") == visible
    if visible:
        assert page.locator("#minimap").bounding_box()["width"] <= 390
        page.locator("#minimap").click(position={"x": 300, "y": 10})
        until(page, "document.querySelector('#scroller').scrollLeft > 100")
        until(page, "parseFloat(document.querySelector('#frame').style.left) > 30")
