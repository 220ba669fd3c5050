"""Makes the pictures of the page's states in this folder: python docs/screenshots/make.py

The page stands in front of the canned API of the tests and shows a made song: nobody's recording is in it.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent.parent / "tests"))

import page_api  # noqa: E402 (the tests' folder is no package)
import page_browser  # noqa: E402
import page_fixtures  # noqa: E402

LAPTOP = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "device_scale_factor": 2}
FAKE_MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SONGS = [page_api.BLACKBIRD, page_api.ROBIN]
State = Callable[[Page, page_api.Api], Any]


def chosen(page: Page, _api: page_api.Api) -> None:
    page_browser.choose(page, page_browser.recording(40, "dawn in the garden.wav"))
    page.wait_for_selector("[data-picture=ready]")


def recording(page: Page, _api: page_api.Api) -> None:
    page.click("#record")
    page_browser.until(page, "document.querySelector('#record-time').textContent.startsWith('0:06')")


def analysing(page: Page, api: page_api.Api) -> None:
    chosen(page, api)
    api.songs = list(SONGS)
    api.let_through(1)
    page.click("#send")
    page_browser.until(page, "document.querySelector('#bird-name').textContent !== ''")


def result(page: Page, api: page_api.Api) -> None:
    chosen(page, api)
    api.songs = [page_api.BLACKBIRD, page_api.ROBIN]
    page.click("#send")
    page_browser.wait_state(page, "result")


def colour(page: Page, api: page_api.Api) -> None:
    result(page, api)
    page.click("#palette")
    page.locator("#timeline button").nth(2).click()


def unsure(page: Page, api: page_api.Api) -> None:
    api.verdict, api.species = "unsure", page_api.DOUBTFUL
    page_browser.identify(page, page_browser.recording(12, "hedge.wav"))


def no_bird(page: Page, api: page_api.Api) -> None:
    api.verdict = "no_bird"
    page_browser.identify(page, page_browser.recording(12, "wind.wav"))


def error(page: Page, api: page_api.Api) -> None:
    api.faults = [page_api.TIMEOUT]
    page_browser.identify(page, page_browser.recording(12, "hedge.wav"))


def empty(_page: Page, _api: page_api.Api) -> None:
    """The page as it opens."""


STATES: list[State] = [empty, chosen, recording, analysing, result, colour, unsure, no_bird, error]


def main() -> int:
    """Take each state on a laptop in light and on a phone in dark."""
    with sync_playwright() as driver, page_fixtures.served() as api, tempfile.NamedTemporaryFile(suffix=".wav") as song:
        song.write(page_browser.wav(page_browser.chirps(12)))
        song.flush()
        microphone = [*FAKE_MICROPHONE, f"--use-file-for-fake-audio-capture={song.name}"]
        arguments = [*page_fixtures.ARGUMENTS, *microphone]
        browser = driver.chromium.launch(executable_path=page_fixtures.CHROMIUM, args=arguments)
        for name, look in {"laptop": LAPTOP, "phone": PHONE}.items():
            for state in STATES:
                picture = FOLDER / f"{state.__name__.replace('_', '-')}-{name}.png"
                take(browser.new_page(**look, permissions=["microphone"], locale="en-GB"), api, state, picture)
                print(picture.name)
    return 0


def take(page: Page, api: page_api.Api, state: State, picture: Path) -> None:
    """Open the page, bring it into its state, take its picture."""
    vars(api).update(vars(page_api.Api()))
    page.goto(api.site_url)
    page.wait_for_selector("body[data-birds]")
    state(page, api)
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # Colours and bars move for a moment.
    page.screenshot(path=picture)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
