"""What the page weighs, what its policy forbids, and what is there without a network."""

import gzip
import json
import re
from urllib.parse import urlsplit

import pytest
from page_api import FRONTEND
from page_browser import identify, recording, shown, wait_for

pytest_plugins = ["page_fixtures"]
SCRIPTS = [
    file for folder in (".", "page", "core", "listen") for file in FRONTEND.glob(f"{folder}/*.js")
]


IMPORT = re.compile(
    r"""^import[^;]*?["'](\.[^"']+)["']$|^export .*? from ["'](\.[^"']+)["']$""", re.M
)
LAZY = re.compile(r"""\bimport\(["'](\.[^"']+)["']\)""")
WORKER = re.compile(r"""(?:new Worker|addModule)\(["']([^"']+)["']""")


def closure(module):
    """The module and all that it imports at once."""
    found, waiting = set(), [module]
    while waiting:
        file = waiting.pop()
        if file not in found and file.name != "config.js":  # The server writes it.
            found.add(file)
            names = [first or second for first, second in IMPORT.findall(file.read_text())]
            waiting += [(file.parent / name).resolve() for name in names]
    return found


def lazy_features():
    """What is loaded only when it is needed: dynamic imports, workers."""
    for file in SCRIPTS:
        code = file.read_text()
        yield from ((file.parent / name).resolve() for name in LAZY.findall(code))
        yield from (FRONTEND / name for name in WORKER.findall(code))


def loaded_before(feature):
    """The first load; and the work on a recording, where that alone loads the feature."""
    first, session = closure(FRONTEND / "main.js"), FRONTEND / "page" / "session.js"
    asked = {
        (each.parent / name).resolve() for each in first for name in LAZY.findall(each.read_text())
    }
    return first if feature in asked else first | closure(session)


FEATURES = sorted(set(lazy_features()))


@pytest.mark.parametrize("feature", FEATURES, ids=[file.stem for file in FEATURES])
def test_a_lazily_loaded_feature_is_at_most_20_kb(feature):
    own = closure(feature) - loaded_before(feature)
    assert sum(file.stat().st_size for file in own) <= 20_000


def test_every_module_belongs_to_the_first_load_or_to_a_feature():
    parts = [closure(file) for file in (FRONTEND / "main.js", FRONTEND / "sw.js", *FEATURES)]
    assert {file.resolve() for file in SCRIPTS} == set().union(*parts)


def test_the_first_load_is_at_most_30_kb_compressed(open_page):
    page = open_page()
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
        identify(page, recording(5, name=name))
    assert page.evaluate("window.open_urls.size") == 1


def test_the_service_worker_keeps_every_file_of_the_page(kept_page):
    page = kept_page
    urls = page.evaluate(
        "caches.open('page').then((c) => c.keys()).then((all) => all.map((r) => r.url))"
    )
    kept = {urlsplit(url).path[1:] for url in urls}
    shipped = {
        *SCRIPTS,
        *FRONTEND.glob("*.css"),
        *FRONTEND.glob("*.svg"),
        *FRONTEND.glob("lang/*.json"),
        *FRONTEND.glob("icons/*.png"),
        FRONTEND / "manifest.webmanifest",
    }
    assert kept == {str(file.relative_to(FRONTEND)) for file in shipped} - {"sw.js"} | {
        "",
        "config.js",
    }


def test_without_a_network_the_page_opens_says_so_and_keeps_the_recording(kept_page):
    page = kept_page
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
    page.wait_for_selector("main[data-state=error]")  # It is sent at once, and is no sound.
    assert page.inner_text("#sound-title") == "bird.wav"


def test_every_text_of_the_page_is_the_english_table_s():
    table = json.loads((FRONTEND / "lang/en.json").read_text())
    html = (FRONTEND / "index.html").read_text()
    texts = re.findall(r'data-t="([\w.-]+)"[^>]*>([^<]*)<', html)
    assert len(texts) > 30
    assert [(key, words) for key, words in texts if table[key] != words] == []
