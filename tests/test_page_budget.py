"""What the page weighs, what its policy forbids, and what is there without a network."""

import gzip
import json
import re
from urllib.parse import urlsplit

import pytest
from page_api import FRONTEND
from page_browser import choose, identify, recording, shown, wait_for

pytest_plugins = ["page_fixtures"]
SCRIPTS = [*FRONTEND.glob("*.js"), *FRONTEND.glob("page/*.js"), *FRONTEND.glob("core/*.js")]


def test_all_javascript_is_at_most_60_kb():
    assert sum(file.stat().st_size for file in SCRIPTS) <= 60_000


def test_the_first_load_is_at_most_30_kb_compressed(open_page):
    page = open_page(service_workers="block")
    page.wait_for_load_state("networkidle")
    urls = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    loaded = {urlsplit(url).path[1:] for url in urls} - {"config.js"}
    files = {
        FRONTEND / name for name in loaded | {"index.html", "icon.svg", "manifest.webmanifest"}
    }
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) <= 30_000


def test_the_page_asks_nobody_but_its_own_site_and_the_api(open_page, api):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    identify(page, recording(5))
    assert {re.match(r"blob:|https?://[^/]+", url)[0] for url in asked} <= {
        api.site_url,
        api.url,
        "blob:",
    }


def test_no_element_has_style_or_script_of_its_own():
    html = (FRONTEND / "index.html").read_text()
    assert not re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?://", html)


def test_object_urls_are_given_back(open_page):
    page = open_page()
    page.evaluate("""() => {
        window.open_urls = new Set();
        const [make, drop] = [URL.createObjectURL, URL.revokeObjectURL];
        URL.createObjectURL = (what) => {
            const url = make(what);
            window.open_urls.add(url);
            return url;
        };
        URL.revokeObjectURL = (url) => { window.open_urls.delete(url); drop(url); };
    }""")
    for name in ("one.wav", "two.wav", "three.wav"):
        choose(page, recording(5, name=name))
    assert page.evaluate("window.open_urls.size") == 1


def test_the_service_worker_keeps_every_file_of_the_page(open_page):
    page = open_page()
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    urls = page.evaluate(
        "caches.open('page').then((c) => c.keys()).then((all) => all.map((r) => r.url))"
    )
    kept = {urlsplit(url).path[1:] for url in urls}
    shipped = {
        *SCRIPTS,
        *FRONTEND.glob("*.css"),
        *FRONTEND.glob("*.svg"),
        FRONTEND / "manifest.webmanifest",
    }
    assert kept == {str(file.relative_to(FRONTEND)) for file in shipped} - {"sw.js"} | {
        "",
        "config.js",
        "lang/en.json",
    }


def test_without_a_network_the_page_opens_says_so_and_keeps_the_recording(open_page, api):
    page = open_page()
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("body[data-birds]")
    assert page.inner_text("#offline").startswith("You are offline.")
    assert identify(page, recording(6)) == "error"
    assert (
        shown(page).message
        == "You are offline. Your recording is kept; try again when you are back."
    )
    page.context.set_offline(False)
    wait_for(page, lambda: not page.is_visible("#offline"))
    page.click("#send")
    page.wait_for_selector("main[data-state=result]")


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_recording_can_be_dropped_or_pasted(page, way):
    page.evaluate(f"""() => {{
        const data = new DataTransfer();
        data.items.add(new File(['not a sound'], 'bird.wav', {{ type: 'audio/wav' }}));
        const kind = '{way}' === 'drop' ? DragEvent : ClipboardEvent;
        const given = '{way}' === 'drop' ? {{ dataTransfer: data }} : {{ clipboardData: data }};
        const event = new kind('{way}', {{ ...given, bubbles: true, cancelable: true }});
        document.body.dispatchEvent(event);
    }}""")
    page.wait_for_selector("main[data-state=chosen]")
    assert page.inner_text("#sound-title") == "bird.wav"


def test_every_text_of_the_page_is_the_english_table_s():
    table = json.loads((FRONTEND / "lang/en.json").read_text())
    html = (FRONTEND / "index.html").read_text()
    texts = re.findall(r'data-t="([\w.-]+)"[^>]*>([^<]*)<', html)
    assert len(texts) > 30
    assert [(key, words) for key, words in texts if table[key] != words] == []
