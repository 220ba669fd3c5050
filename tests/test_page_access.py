"""axe finds nothing in any state, light or dark, on phone or laptop; the keyboard is enough."""

import page_api
import pytest
from axe_playwright_python.sync_playwright import Axe
from page_browser import (
    HOLD_DECODING,
    LET_DECODE,
    choose,
    identify,
    recording,
    shown,
    wait_for,
    wait_state,
)

pytest_plugins = ["page_fixtures"]
LOOKS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]

# A number and its "%" on two lines: axe then sometimes finds two backgrounds.
SURE_BROKEN = """[...document.querySelectorAll(".sure")].filter(each => {
    const words = document.createRange()
    words.selectNodeContents(each)
    return words.getClientRects().length > 1
}).map(each => each.outerHTML)"""


def to_empty(page, api):
    page.click("#known-open")
    page.wait_for_selector("#known-list li")
    return "empty"


def to_chosen(page, api):
    """A recording is identified at once; it waits where the reader cancels."""
    api.gate.clear()
    choose(page, recording(12))
    page.wait_for_selector("[data-picture=ready]")
    page.click("#cancel")
    api.gate.set()
    return wait_state(page, "chosen")


def to_recording(page, api):
    page.click("#record")
    return wait_state(page, "recording")


def to_preparing(page, api):
    page.evaluate(HOLD_DECODING)
    choose(page, recording(6))
    return wait_state(page, "preparing")


def to_analysing(page, api):
    api.let_through(1)
    choose(page, recording(40))
    wait_for(page, lambda: shown(page).bird_name)
    return wait_state(page, "analysing")


def to_result(page, api):
    api.pooling, api.songs = page_api.POOLING_OF_BIRDS, [page_api.BLACKBIRD, page_api.ROBIN]
    identify(page, recording(38))
    page.locator("#timeline button").nth(1).click()
    page.click("#share")
    page.wait_for_selector("#share-link")
    return "result"


def to_unsure(page, api):
    api.verdict, api.species = "unsure", page_api.DOUBTFUL
    return identify(page, recording(12))


def to_birds(page, api):
    """Two birds at once, rows of "Perhaps", the map of a long recording."""
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.BOTH
    state = identify(page, recording(130))
    page.click("#perhaps")
    return state


def to_unknown_bird(page, api):
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.CUCKOO
    return identify(page, recording(12))


def to_no_bird(page, api):
    api.verdict = "no_bird"
    return identify(page, recording(12))


def to_error(page, api):
    api.faults = [page_api.TIMEOUT]
    return identify(page, recording(12))


STATES = [
    to_empty,
    to_chosen,
    to_recording,
    to_preparing,
    to_analysing,
    to_result,
    to_birds,
    to_unsure,
    to_unknown_bird,
    to_no_bird,
    to_error,
]


@pytest.mark.parametrize("reach", STATES, ids=[reach.__name__[3:] for reach in STATES])
def test_axe_finds_nothing_in_any_look(open_page, api, microphone, reach):
    page = open_page(browser=microphone, permissions=["microphone", "clipboard-write"])
    state = reach(page, api)
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=theme)
        page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        assert complaints(page) == [], (width, theme)
        assert page.evaluate(SURE_BROKEN) == [], (width, theme)
        assert page.get_attribute("main", "data-state") == state
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, theme)


def complaints(page):
    """Axe's violations, and the contrasts that it could not decide, twice a second apart.

    Where a busy machine still lays the page out, it finds what covers what for a moment.
    """
    if not ask_axe(page):
        return []
    page.wait_for_timeout(1_000)
    return ask_axe(page)


def ask_axe(page):
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    undecided = [each for each in found["incomplete"] if each["id"] == "color-contrast"]
    nodes = [
        (each["id"], node) for each in found["violations"] + undecided for node in each["nodes"]
    ]
    return [
        (rule, node["html"][:120], [check["message"] for check in node["any"]])
        for rule, node in nodes
    ]


def tab_to(page, selector):
    """Press Tab until the element has the focus."""
    wait_for(
        page,
        lambda: (
            page.keyboard.press("Tab")
            or page.evaluate(f"document.activeElement.matches('{selector}')")
        ),
    )


def test_the_whole_flow_works_by_keyboard(page, api):
    choosers = []
    # Before any key: Chromium takes a key sooner than this wish.
    # (Playwright refuses `choosers.append` itself.)
    page.on("filechooser", lambda chooser: choosers.append(chooser))  # noqa: PLW0108
    tab_to(page, "#pick")
    page.keyboard.press("Enter")
    wait_for(
        page, lambda: choosers and page.workers
    )  # The rest is loaded while the reader looks for a file.
    api.pooling, api.songs = page_api.POOLING_OF_BIRDS, [page_api.BLACKBIRD, page_api.ROBIN]
    choosers[0].set_files(recording(17))
    wait_state(page, "result")
    assert page.evaluate("document.activeElement.id") == "bird-name"
    tab_to(page, "#timeline button")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#part-from") == "0.0"  # The surer bird comes first.
    tab_to(page, "#save-csv")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_the_focus_goes_to_what_can_be_done_next(page, api):
    api.faults = [page_api.TIMEOUT]
    identify(page, recording(5))
    assert page.evaluate("document.activeElement.textContent") == "Try again"


# JavaScript: where the cards and the player begin.
TOPS = "['sound', 'plot', 'who', 'player'].map((id) => document.getElementById(id).offsetTop)"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_from_the_choice_to_the_result(open_page, api, width):
    page = open_page(viewport={"width": width, "height": 844})
    api.species = [
        {
            "name": "Great Spotted Woodpecker",
            "scientific_name": "Dendrocopos major",
            "probability": 0.87,
        }
    ]
    tops = []
    for reach in (to_preparing, to_chosen, to_analysing):
        reach(page, api)
        tops.append(page.evaluate(TOPS))
        page.evaluate(LET_DECODE)
    api.gate.set()
    wait_state(page, "result")
    assert tops == [page.evaluate(TOPS)] * 3
