"""Nothing is lost: recordings, names and corrections stay on the device until they are deleted."""

import csv
import io
import subprocess
import sys
import zipfile

import pytest
from page_api import BOTH, POOLING_OF_BIRDS, served
from page_browser import ENDS, NAMED, identify, recording, wait_for, wait_state
from test_page_access import LOOKS, complaints, tab_to
from test_page_listen import ready_offline

pytest_plugins = ["page_fixtures"]
CONTENTS = """async () => {
    const database = await new Promise((done) => {
        indexedDB.open('birdsong').onsuccess = (event) => done(event.target.result);
    });
    const store = database.transaction('recordings').objectStore('recordings');
    const counting = store.count();
    await new Promise((done) => (counting.onsuccess = done));
    database.close();
    return [counting.result, await caches.keys()];
}"""


def entries(page):
    return page.locator("#history > li")


def named(page):
    """The words of each entry."""
    return page.locator("#history > li button:first-child").all_inner_texts()


def wait_entries(page, count):
    wait_for(page, lambda: entries(page).count() == count)


def reload(page):
    page.reload()
    page.wait_for_selector("body[data-birds]")


def test_what_was_named_is_there_after_a_reload_and_can_be_searched(page, api):
    api.pooling, api.songs = POOLING_OF_BIRDS, [BOTH[:1], BOTH[1:]]
    identify(page, recording(5, name="one.wav"))
    wait_entries(page, 1)
    identify(page, recording(5, name="two.wav"))
    wait_entries(page, 2)
    reload(page)
    wait_entries(page, 2)
    assert entries(page).first.get_attribute("data-date").startswith("20")
    first, second = named(page)
    assert BOTH[1]["name"] in first
    assert BOTH[0]["name"] in second
    page.fill("#history-search", BOTH[0]["scientific_name"].upper())
    wait_entries(page, 1)
    page.fill("#history-search", entries(page).first.get_attribute("data-date")[:10])
    wait_entries(page, 2)
    page.fill("#history-search", "no such bird")
    wait_for(page, lambda: page.inner_text("#history-none") == "Nothing found.")


def test_an_entry_opens_with_its_answer_and_without_a_request(page, api):
    identify(page, recording(5))
    wait_entries(page, 1)
    reload(page)
    page.locator("#history button").first.click()
    assert wait_state(page, *NAMED) == "result"
    assert page.inner_text("#bird-name") == "Common Blackbird"
    page.wait_for_selector("[data-picture=ready]")
    assert len(api.requests) == 1


def test_a_part_s_answer_does_not_take_the_place_of_the_whole_s(page, api):
    identify(page, recording(12))
    page.locator("#timeline button").first.click()
    api.species = BOTH
    page.click("#send-part")
    wait_for(page, lambda: "by itself" in page.inner_text("#doubt-answer"))
    assert "Common Blackbird" in named(page)[0]


def test_one_is_deleted_or_all_and_then_nothing_is_left(kept_page):
    page = kept_page
    for name in ("one.wav", "two.wav", "three.wav"):
        identify(page, recording(5, name=name))
    wait_entries(page, 3)
    page.locator("#history button", has_text="Delete").first.click()
    wait_entries(page, 2)
    page.click("#history-clear")
    page.keyboard.press("Escape")
    wait_entries(page, 2)
    page.click("#history-clear")
    page.click("#history-clear-yes")
    wait_entries(page, 0)
    assert page.evaluate(CONTENTS) == [0, []]


def test_recordings_of_an_earlier_version_of_the_page_are_taken_over(page):
    page.evaluate("""async () => {
        const cache = await caches.open('kept-recording');
        const sound = new Response('RIFF', {headers: {'Content-Type': 'audio/wav'}});
        await cache.put('/kept/2026-11-20%2017.30.00.wav', sound);
    }""")
    reload(page)
    wait_entries(page, 1)
    assert entries(page).first.get_attribute("data-date").startswith("2026-11-20")
    assert not page.evaluate("caches.has('kept-recording')")


def record(page):
    page.click("#record")
    wait_state(page, "recording")
    wait_for(page, lambda: page.is_enabled("#record-stop"))
    page.click("#record-stop")
    return wait_state(page, *ENDS)


@pytest.fixture
def listening_page(open_page, listening_api, microphone):
    """A page that names birds itself."""
    page = open_page(browser=microphone, permissions=["microphone"], service_workers="allow")
    page.goto(listening_api.site_url)
    page.wait_for_selector("body[data-birds]")
    return page


def test_three_recorded_without_a_network_are_named_kept_and_playable(
    listening_page, listening_api
):
    page = listening_page
    ready_offline(page)
    for count in (1, 2, 3):
        assert record(page) in NAMED
        wait_entries(page, count)
    reload(page)
    wait_entries(page, 3)
    assert not [words for words in named(page) if "Not named yet" in words]
    reload(page)
    wait_entries(page, 3)
    page.locator("#history button").first.click()
    wait_state(page, *NAMED)
    wait_for(page, lambda: page.evaluate("document.querySelector('#player').duration") > 2)
    page.click("#history-clear")
    page.click("#history-clear-yes")
    wait_entries(page, 0)
    assert page.evaluate(CONTENTS) == [0, []]
    assert listening_api.requests == []


def test_what_nothing_could_name_is_named_when_the_network_is_back(listening_page, listening_api):
    page = listening_page
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    reload(page)
    page.context.set_offline(True)
    assert record(page) == "error"
    assert page.inner_text("#message").startswith("You are offline, and the names of birds")
    wait_entries(page, 1)
    assert "Not named yet" in named(page)[0]
    page.context.set_offline(False)
    wait_for(page, lambda: "Not named yet" not in named(page)[0])
    assert listening_api.requests == []


def test_what_fails_just_when_the_network_is_back_is_tried_again(
    open_page, listen_parts, microphone
):
    parts = {name: file for name, file in listen_parts.items() if "tflite" not in name}
    with served(lambda: dict(parts)) as fake:
        page = open_page(browser=microphone, permissions=["microphone"], service_workers="allow")
        page.goto(fake.site_url)
        page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        reload(page)
        page.context.set_offline(True)
        assert record(page) == "error"
        with page.expect_response("**/model/browser.tflite") as response:
            page.context.set_offline(False)
        assert response.value.status == 404
        parts.update(listen_parts)
        wait_for(page, lambda: "Not named yet" not in named(page)[0])


def correct(page, species, said):
    """Correct a row: its bird is another one."""
    row = page.locator(f'#birds > li[data-species="{species}"]')
    row.get_by_text("No, it is").click()
    page.fill("#verify-search", said[:5])
    page.locator(f'#verify-list button[data-species="{said}"]').click()
    row.locator("strong[role=status]:not(:empty)").wait_for()


def test_two_of_three_corrected_are_exported_and_read_by_the_training(open_page, api, tmp_path):
    page = open_page(accept_downloads=True)
    api.pooling, api.species = POOLING_OF_BIRDS, BOTH[:1]
    bird, other = BOTH[0]["scientific_name"], BOTH[1]["scientific_name"]
    for name in ("one.wav", "two.wav", "three.wav"):
        identify(page, recording(7, name=name))
        page.wait_for_selector("#birds .verify")
        if name == "one.wav":
            correct(page, bird, other)
        if name == "two.wav":
            page.locator("#birds .verify button").first.click()
            page.wait_for_selector("#birds > li[data-verified]")
    reload(page)
    page.locator("#history > li").last.locator("button").first.click()
    wait_state(page, *NAMED)
    row = page.locator(f'#birds > li[data-species="{bird}"]')
    row.get_by_text(f"Corrected by you: {BOTH[1]['name']}").wait_for()
    with page.expect_download() as download:
        page.click("#save-csv")
    table = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert {line["verified"] for line in table} == {other}
    with page.expect_download() as download:
        page.click("#corrections-save")
    assert download.value.suggested_filename == "corrections.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    assert len(list(tmp_path.rglob("*.wav"))) == 2
    listed = prepare("--metadata", tmp_path / "metadata.csv", "--anywhere", "--min-recordings", 1)
    expected = sorted(name.replace(" ", "_") for name in (bird, other))
    assert sorted(line.split("\t")[0] for line in listed[:-1]) == expected
    assert listed[-1] == "2 species, 2 recordings"
    found = prepare("--recordings", tmp_path, "--min-recordings", 1)
    assert found[-1] == "2 species, 2 recordings"


def prepare(*words):
    """The lines of training.prepare's dry run."""
    command = [sys.executable, "-m", "training.prepare", "--dry-run", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_no_bird_and_another_bird_have_tables_of_their_own(open_page, api, tmp_path):
    page = open_page(accept_downloads=True)
    api.pooling, api.species = POOLING_OF_BIRDS, BOTH
    identify(page, recording(5))
    page.wait_for_selector("#birds .verify")
    birds = [each["scientific_name"] for each in BOTH]
    correct(page, birds[0], "no_bird")
    with page.expect_download() as download:
        page.click("#corrections-save")
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read("no_bird/metadata.csv").decode())))
    assert [name for name in names if name.endswith(".csv")] == ["no_bird/metadata.csv"]
    assert f"no_bird/{rows[0]['filename']}" in names


def test_correcting_works_by_keyboard_and_axe_finds_nothing(page, api):
    api.pooling, api.species = POOLING_OF_BIRDS, BOTH[:1]
    identify(page, recording(5))
    page.wait_for_selector("#birds .verify")
    tab_to(page, "#birds .verify button + button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verify[open]")
    assert page.evaluate("document.activeElement.id") == "verify-search"
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=theme)
        assert complaints(page) == [], (width, theme)
    page.keyboard.type(BOTH[1]["name"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#birds > li[data-verified]")
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=theme)
        assert complaints(page) == [], (width, theme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    tab_to(page, "#history-clear")
    page.keyboard.press("Enter")
    page.wait_for_selector("#history-sure[open]")
    frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(frames)
    assert complaints(page) == []
