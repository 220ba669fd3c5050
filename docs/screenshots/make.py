"""Makes the pictures of the page's states: python docs/screenshots/make.py [--song FILE]

The page shows a synthesised song and the canned answers of the tests: nobody's recording is in it.
With --song it makes result.png instead: the answer of the whole app for that recording.
"""

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent
sys.path[:0] = [str(FOLDER.parent.parent), str(FOLDER.parent.parent / "tests")]

import page_api  # noqa: E402 (the tests' folder is no package)
import page_browser  # noqa: E402
import page_fixtures  # noqa: E402

from infra.site.listen import listen_files  # noqa: E402
from loadtests.app import started  # noqa: E402

LAPTOP = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
COLOURS = 256
State = Callable[[Page, page_api.Api], Any]


def chosen(page: Page, api: page_api.Api) -> None:
    """The reader cancelled: a recording is identified at once."""
    api.gate.clear()
    page_browser.choose(page, page_browser.recording(40, "dawn in the garden.wav"))
    page.wait_for_selector("[data-picture=ready]")
    page.click("#cancel")
    api.gate.set()


def recording(page: Page, _api: page_api.Api) -> None:
    page.click("#record")
    page_browser.until(page, "document.querySelector('#record-time').textContent.slice(2, 4) >= 6")


def preparing(page: Page, _api: page_api.Api) -> None:
    page.evaluate(page_browser.HOLD_DECODING)
    page_browser.choose(page, page_browser.recording(40, "dawn in the garden.wav"))


def analysing(page: Page, api: page_api.Api) -> None:
    api.let_through(1)
    page_browser.choose(page, page_browser.recording(40, "dawn in the garden.wav"))
    page.wait_for_selector("[data-picture=ready]")
    page_browser.until(page, "document.querySelector('#bird-name').textContent !== ''")


def result(page: Page, _api: page_api.Api) -> None:
    page_browser.identify(page, page_browser.recording(40, "dawn in the garden.wav"))
    page.wait_for_selector("[data-picture=ready]")


def colour(page: Page, api: page_api.Api) -> None:
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.BOTH
    api.songs = [page_api.BLACKBIRD]
    result(page, api)
    page.click("#palette")
    page.locator("#timeline button").nth(1).click()


def unsure(page: Page, api: page_api.Api) -> None:
    api.verdict, api.species = "unsure", page_api.DOUBTFUL
    page_browser.identify(page, page_browser.recording(12, "hedge.wav"))


def unknown_bird(page: Page, api: page_api.Api) -> None:
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.CUCKOO
    page_browser.identify(page, page_browser.recording(12, "hedge.wav"))


def no_bird(page: Page, api: page_api.Api) -> None:
    api.verdict = "no_bird"
    page_browser.identify(page, page_browser.recording(12, "wind.wav"))


def error(page: Page, api: page_api.Api) -> None:
    api.faults = [page_api.TIMEOUT]
    page_browser.identify(page, page_browser.recording(12, "hedge.wav"))


def listening(page: Page, _api: page_api.Api) -> None:
    page.click("#listen")
    page_browser.until(page, "document.querySelector('#listen-state').textContent[0] === 'N'")
    page_browser.until(page, "document.querySelector('#listen-time').textContent.slice(2, 4) >= 6")


def where(page: Page, _api: page_api.Api) -> None:
    page.click("#where summary")
    page.wait_for_selector("#where-places option", state="attached")
    page.fill("#where-place", "Berlin")
    page.press("#where-place", "Enter")
    page_browser.until(page, "document.querySelector('#where-state').textContent !== ''")


def empty(_page: Page, _api: page_api.Api) -> None:
    """The page as it opens."""


STATES: list[State] = [
    empty,
    where,
    chosen,
    recording,
    listening,
    preparing,
    analysing,
    result,
    colour,
    unsure,
    unknown_bird,
    no_bird,
    error,
]


def main(argv: list[str] | None = None) -> int:
    """Take each state on a laptop in light and on a phone in dark, or a real answer."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--song", type=Path, help="a recording for result.png")
    song = parser.parse_args(argv).song
    with sync_playwright() as driver, tempfile.NamedTemporaryFile(suffix=".wav") as heard:
        heard.write(page_browser.wav(page_browser.chirps(12)))
        heard.flush()
        arguments = [*page_fixtures.ARGUMENTS, *page_browser.microphone_that_hears(heard.name)]
        browser = driver.chromium.launch(executable_path=page_fixtures.CHROMIUM, args=arguments)
        return take_real(browser, song) if song else take_states(browser)


def take_states(browser: Browser) -> int:
    """Write STATE-LOOK.webp for each."""
    parts = listen_files()
    with page_fixtures.served(lambda: dict(parts)) as api:
        for name, look in {"laptop": LAPTOP, "phone": PHONE}.items():
            for state in STATES:
                vars(api).update(vars(page_api.Api()))
                page = opened(browser, api.site_url, look)
                state(page, api)
                picture(page).save(
                    FOLDER / f"{state.__name__.replace('_', '-')}-{name}.webp", quality=80, method=6
                )
                page.close()
    return 0


def take_real(browser: Browser, song: Path) -> int:
    """Write result.png: the whole app's answer, the page as long as a laptop is tall."""
    with started() as app:
        page = opened(browser, app.site_url, LAPTOP)
        page_browser.identify(page, song)
        page.wait_for_selector("[data-picture=ready]")
        picture(page).quantize(COLOURS).save(FOLDER / "result.png", optimize=True)
    return 0


def opened(browser: Browser, url: str, look: dict[str, Any]) -> Page:
    """Open the page with a microphone, in English."""
    page = browser.new_page(**look, permissions=["microphone"], locale="en-GB")
    page.goto(url)
    page.wait_for_selector("body[data-birds]")
    return page


def picture(page: Page) -> Image.Image:
    """Take the picture of what is seen."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(1_000)  # Colours and bars move for a moment.
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


if __name__ == "__main__":
    sys.exit(main())
