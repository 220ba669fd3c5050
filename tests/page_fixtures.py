"""Fixtures: Debian's Chromium and the page in front of a fake API."""

import os
from pathlib import Path

import pytest
from local_app import SHIPPED_MODEL
from page_api import served
from page_browser import chirps, microphone_that_hears, wav
from playwright.sync_api import sync_playwright

from infra.site.listen import listen_files

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
INSTALL = "Chromium is missing; install it with: sudo apt-get install -y chromium"


@pytest.fixture(scope="session")
def playwright_driver():
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def launch(playwright_driver):
    """Start Chromium with more arguments; all are closed at the end."""
    if not Path(CHROMIUM).exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(INSTALL)
    started = []

    def start(*arguments):
        started.append(
            playwright_driver.chromium.launch(
                executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments]
            )
        )
        return started[-1]

    yield start
    for browser in started:
        browser.close()


@pytest.fixture(scope="session")
def browser(launch):
    return launch()


@pytest.fixture(scope="session")
def song(tmp_path_factory):
    """What the microphone hears: a WAV file."""
    file = tmp_path_factory.mktemp("microphone") / "song.wav"
    file.write_bytes(wav(chirps(6)))
    return file


@pytest.fixture(scope="session")
def microphone(launch, song):
    """A browser whose microphone hears the song, again and again."""
    return launch(*microphone_that_hears(song))


@pytest.fixture(scope="session")
def listen_parts():
    """What Listen needs, with the shipped model."""
    return listen_files(SHIPPED_MODEL)


@pytest.fixture
def listening_api(listen_parts):
    """The fake API, and a page that names birds itself too."""
    with served(lambda: dict(listen_parts)) as fake:
        yield fake


@pytest.fixture
def api():
    """The fake API, whose answers and faults can be set; the page is at `.site_url`."""
    with served() as fake:
        yield fake


@pytest.fixture(scope="session")
def module(browser):
    """Run a function on one of the page's modules: module("core/wav.js", "(m, x) => ...", x)."""
    with served() as fake, browser.new_context() as context:
        page = context.new_page()
        page.goto(fake.site_url + "/icon.svg")

        def run(path, function, argument=None):
            body = f"async ([path, given]) => ({function})(await import(path), given)"
            return page.evaluate(body, [f"/{path}", argument])

        yield run


@pytest.fixture
def open_page(browser, api):
    """Open the page with any options of a browser context; an error on the console fails the test.

    It opens without motion, so that positions hold still; tests of motion ask for it. And without
    the service worker, which loads a hundred files anew for each context: tests of it ask too.
    """
    contexts, troubles = [], []

    def start(**options):
        quiet = {"reduced_motion": "reduce", "service_workers": "block"}
        settings = {"locale": "en-GB", **quiet, **options}
        context = (settings.pop("browser", None) or browser).new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)  # Machines are busy.
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if is_trouble(said) else None)
        page.goto(api.site_url)
        page.wait_for_selector("body[data-birds]")
        return page

    yield start
    for context in contexts:
        context.close()
    assert not troubles


def is_trouble(said):
    """Chromium itself logs every failed request; those are the faults that the tests ask for."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture
def kept_page(open_page):
    """A page that is there without a network too."""
    page = open_page(service_workers="allow")
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    return page
