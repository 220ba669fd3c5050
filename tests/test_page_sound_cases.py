"""The page and the API agree on every sound of the table (test_sound_cases.py: the API alone)."""

import pytest
import sound_cases
from page_browser import chances, identify, opened, saved_answer
from sound_cases import CASES, HEARD

pytest_plugins = ["page_fixtures"]
TOLERANCE = 0.005
# Browsers begin a WebM half a millisecond later, and the second of joined files some later.
TOLERANCES = {"webm": 0.02, "two Ogg files joined": 0.1}
STATES = {
    "bird": "result",
    "unknown_bird": "unknown-bird",
    "unsure": "unsure",
    "no_bird": "no-bird",
}


@pytest.fixture(scope="module")
def song():
    return sound_cases.song()


@pytest.fixture(scope="module")
def page(app, browser):
    with opened(browser, app.site_url) as page:
        # The service, also where it is slow today.
        page.evaluate("localStorage.setItem('on-device', 'false')")
        yield page


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_page_says_what_the_api_says(case, app, page, song, tmp_path):
    file = tmp_path / case.name
    file.write_bytes(case.make(song, tmp_path))
    state = identify(page, file)
    status, told = app.classify(file.read_bytes(), top=20)
    if case.expected != HEARD:
        assert (state, page.get_attribute("main", "data-failure")) == ("error", case.expected)
        assert told["error"]["code"] == case.expected
        return
    shown = saved_answer(page)
    assert status == 200
    assert state == STATES[told["verdict"]]
    assert shown["species"][0]["name"] == told["species"][0]["name"]
    assert shown["audio_seconds"] == pytest.approx(told["audio_seconds"], abs=0.15)
    close = TOLERANCES.get(case.name, TOLERANCE)
    here, there = chances(shown), chances(told)
    assert here == pytest.approx({name: there.get(name, 0) for name in here}, abs=close)
