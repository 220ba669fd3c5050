"""Fixtures: Debian's Chromium and the page in front of a fake API."""

import os
from pathlib import Path

import page_api
import pytest
from playwright.sync_api import sync_playwright

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
        started.append(playwright_driver.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments]))
        return started[-1]

    yield start
    for browser in started:
        browser.close()


@pytest.fixture(scope="session")
def browser(launch):
    return launch()


@pytest.fixture
def api():
    """The fake API: its answers and faults can be set; `.url` and `.site_url` are where it and the page stand."""
    fake = page_api.Api()
    server = page_api.serve_api(fake)
    fake.url = page_api.url(server)
    site = page_api.serve_site(fake.url)
    fake.site_url = page_api.url(site)
    yield fake
    fake.gate.set()
    for each in (server, site):
        each.shutdown()
        each.server_close()


@pytest.fixture
def open_page(browser, api):
    """Open the page with any options of a browser context; a console error or a refused policy fails the test."""
    contexts, troubles = [], []

    def start(**options):
        context = (options.pop("browser", None) or browser).new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
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
