"""The page as an app: icons, a shortcut, sounds that other apps share."""

import json
import struct

import pytest
from page_api import FRONTEND
from page_browser import chirps, wait_state, wav

pytest_plugins = ["page_fixtures"]
MANIFEST = json.loads((FRONTEND / "manifest.webmanifest").read_text())


def png_size(file):
    return struct.unpack(">II", file.read_bytes()[16:24])


@pytest.mark.parametrize(
    "icon", [it for it in MANIFEST["icons"] if it["type"] == "image/png"], ids=lambda it: it["src"]
)
def test_an_icon_has_the_size_that_the_manifest_says(icon):
    width, height = map(int, icon["sizes"].split("x"))
    assert png_size(FRONTEND / icon["src"]) == (width, height)


def test_there_are_icons_for_every_kind_of_device():
    kinds = {(it["sizes"], it.get("purpose", "any")) for it in MANIFEST["icons"]}
    assert kinds >= {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    assert png_size(FRONTEND / "icons/apple-touch-icon.png") == (180, 180)


def test_chromium_finds_nothing_wrong_with_the_manifest(kept_page):
    page = kept_page
    client = page.context.new_cdp_session(page)
    assert client.send("Page.getAppManifest")["errors"] == []
    assert client.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
        [],
        # A context of the tests is private.
        [{"errorId": "in-incognito", "errorArguments": []}],
    )


def test_the_theme_colour_follows_the_scheme(page):
    media = page.locator("meta[name=theme-color]").evaluate_all("all => all.map((it) => it.media)")
    assert media == ["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]


def test_a_sound_that_another_app_shares_is_named(kept_page, api):
    page = kept_page
    page.reload()
    page.wait_for_selector("body[data-birds]")
    share = """async (bytes) => {
        const form = new FormData();
        const file = new File([Uint8Array.from(bytes)], 'füllhorn.wav', {type: 'audio/wav'});
        form.set('sound', file);
        return (await fetch('share', {method: 'POST', body: form})).url;
    }"""
    address = page.evaluate(share, list(wav(chirps(5))))
    assert address == f"{api.site_url}/?shared"
    page.goto(address)
    assert wait_state(page, "result", "error") == "result"
    assert page.inner_text("#sound-title") == "füllhorn.wav"
    assert page.url == f"{api.site_url}/"
    assert not page.evaluate("caches.has('shared')")


def test_the_shortcut_listens_at_once(open_page, listening_api, microphone):
    page = open_page(browser=microphone, permissions=["microphone"])
    page.goto(f"{listening_api.site_url}/{MANIFEST['shortcuts'][0]['url']}")
    assert wait_state(page, "listening") == "listening"


def test_a_file_that_is_opened_with_the_page_is_named(open_page, api):
    page = open_page()
    page.add_init_script("""Object.defineProperty(window, 'launchQueue', {value: {
        setConsumer: (act) => {
            const file = new File(['no sound'], 'opened.wav');
            act({files: [{getFile: async () => file}]});
        }
    }})""")
    page.reload()
    assert wait_state(page, "error", "result") == "error"
    assert page.inner_text("#sound-title") == "opened.wav"
