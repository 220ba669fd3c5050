"""Faults that readers met, one test each."""

import subprocess

import imageio_ffmpeg
import page_api
import pytest
from page_browser import identify, recording, shown, until, wait_for, wait_state, wav

pytest_plugins = ["page_fixtures"]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# JavaScript: the pixels of the picture, and whether they are still those of the last recording
# once the page shows it again.
WATCH_PICTURE = """() => {
    const read = () => {
        const picture = document.querySelector('#spectrogram');
        const copy = new OffscreenCanvas(300, 80);
        const pen = copy.getContext('2d');
        pen.drawImage(picture, 0, 0, 300, 80);
        return pen.getImageData(0, 0, 300, 80).data.join();
    };
    const old = read();
    const sound = document.querySelector('#sound');
    window.stale = null;
    new MutationObserver(() => {
        if (sound.dataset.picture !== 'waiting') window.stale ??= read() === old;
    }).observe(sound, {attributes: true});
    return new Set(old.split(',')).size;
}"""
DROP_TWO = """() => {
    const data = new DataTransfer();
    for (const name of ['first.wav', 'second.wav']) {
        data.items.add(new File(['not a sound'], name, {type: 'audio/wav'}));
    }
    const event = new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
    document.body.dispatchEvent(event);
}"""
# JavaScript: whether the digits of an element's text stand to the left of its per cent sign.
DIGITS_FIRST = """(selector) => {
    const element = document.querySelector(selector);
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    let text = walker.nextNode();
    while (!text.data.includes('%')) text = walker.nextNode();
    const left = (at) => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect().left;
    };
    return left(text.data.search(/[0-9]/)) < left(text.data.indexOf('%'));
}"""


def test_the_share_box_is_emptied_with_the_answer(page):
    identify(page, recording(5, name="first.wav"))
    page.click("#share")
    until(page, "document.querySelector('#share-told').textContent !== ''")
    identify(page, recording(5, name="second.wav"))
    assert not page.is_visible("#share-box")
    assert page.input_value("#share-link") == ""
    assert page.text_content("#share-told") == ""


def test_the_address_forgets_a_shared_result_with_the_next_file(page, open_page):
    identify(page, recording(5))
    page.click("#share")
    until(page, "document.querySelector('#share-link').value !== ''")
    other = open_page()
    other.goto(page.input_value("#share-link"))
    other.reload()
    wait_state(other, "result")
    assert "#result=" in other.url
    identify(other, recording(5, name="mine.wav"))
    assert "#" not in other.url


def test_no_picture_stands_under_another_recording_s_name(page):
    identify(page, recording(12))
    page.wait_for_selector("[data-picture=ready]")
    assert page.evaluate(WATCH_PICTURE) > 10  # It can be read, and is no empty picture.
    low = {"name": "low.wav", "mimeType": "audio/wav", "buffer": wav([0.1, -0.1] * 110_250)}
    identify(page, low)
    page.wait_for_selector("[data-picture=ready]")
    assert page.evaluate("window.stale") is False


def record(page):
    """Record 3 s and wait until the page says what became of it."""
    page.click("#record")
    wait_state(page, "recording")
    wait_for(page, lambda: page.is_enabled("#record-stop"))
    page.click("#record-stop")
    return wait_state(page, "result", "error")


def test_two_recordings_made_offline_are_both_kept_until_they_are_deleted(open_page, microphone):
    page = open_page(browser=microphone, permissions=["microphone"], service_workers="allow")
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.click("#pick")  # Loads the rest, which the service worker also keeps.
    page.context.set_offline(True)
    assert [record(page), record(page)] == ["error", "error"]
    page.context.set_offline(False)
    page.reload()
    wait_state(page, "chosen")  # The newest has no name yet.
    page.click("#send")
    wait_state(page, "result")
    page.click("text=Save the recording")
    assert page.locator("#history > li").count() == 2
    with page.expect_download() as download:
        page.locator("#history button", has_text="Save").first.click()
    assert download.value.path().read_bytes()[:4] == b"RIFF"
    page.locator("#history button", has_text="Delete").first.click()
    wait_for(page, lambda: page.locator("#history > li").count() == 1)


def pick_part(page):
    """Select the first five seconds."""
    page.wait_for_selector("[data-picture=ready]")
    page.fill("#part-from", "0")
    page.fill("#part-to", "5")
    page.press("#part-to", "Tab")


def test_a_part_s_answer_stands_beside_the_whole_one(page, api):
    identify(page, recording(12))
    pick_part(page)
    api.species = page_api.ROBIN
    page.click("#send-part")
    wait_for(page, lambda: "European Robin" in page.inner_text("#doubt-answer"))
    assert shown(page).bird_name == "Common Blackbird"
    assert page.get_attribute("main", "data-state") == "result"


def test_a_part_that_gets_no_answer_leaves_the_whole_one(page, api):
    identify(page, recording(12))
    pick_part(page)
    api.faults = [page_api.TIMEOUT]
    page.click("#send-part")
    wait_for(page, lambda: "could not be identified" in page.inner_text("#doubt-answer"))
    assert shown(page).bird_name == "Common Blackbird"


def test_another_part_stops_the_question_about_the_first(page, api):
    identify(page, recording(12))
    pick_part(page)
    api.gate.clear()
    page.click("#send-part")
    wait_for(page, lambda: "Asking" in page.inner_text("#doubt-answer"))
    page.click("#clear-part")
    wait_for(page, lambda: not page.text_content("#doubt-answer"))
    assert shown(page).bird_name == "Common Blackbird"


def test_of_several_files_the_page_says_which_it_took(page):
    page.evaluate(DROP_TWO)
    wait_for(page, lambda: "first.wav" in page.inner_text("#notice"))
    assert "others were not opened" in page.inner_text("#notice")


@pytest.mark.parametrize(("minutes", "refused"), [(60.02, False), (61.5, True)])
def test_an_hour_may_be_some_seconds_longer(page, minutes, refused):
    identify(page, recording(5))
    code = """async (seconds) => {
        const {open} = await import('/page/open.js');
        const file = new File(['no sound'], 'x.wav');
        return open(file, Promise.resolve(seconds), () => true).catch((error) => error.code);
    }"""
    assert page.evaluate(code, minutes * 60) == ("long_file" if refused else None)


def test_an_hour_of_mono_wav_is_not_too_large(page, tmp_path):
    file = tmp_path / "hour.wav"
    with file.open("wb") as out:
        out.truncate(310 * 2**20)
    assert identify(page, file) == "error"
    assert shown(page).message.startswith("This browser cannot read the file")


def test_a_small_file_that_is_too_long_is_told_before_it_is_decoded(page, tmp_path):
    page.evaluate("OfflineAudioContext.prototype.decodeAudioData = () => window.decoded = true, 0")
    file = tmp_path / "night.flac"
    silence = ["-f", "lavfi", "-i", "anullsrc=r=4000:cl=mono", "-t", str(62 * 60)]
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *silence]
    subprocess.run([*ffmpeg, "-compression_level", "0", file], check=True)
    assert file.stat().st_size < 10 * 2**20
    assert identify(page, file) == "error"
    assert "longer than 60 minutes" in shown(page).message
    assert page.evaluate("window.decoded") is None


def test_a_double_tap_on_identify_cancels_nothing(open_page, api):
    page = open_page(**PHONE)
    api.gate.clear()
    page.set_input_files("input[type=file]", recording(5))
    for share in (0.1, 0.5, 0.75, 0.9):
        wait_state(page, "analysing")
        page.click("#cancel")
        wait_state(page, "chosen")
        box = page.locator("#send").bounding_box()
        spot = (box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        page.touchscreen.tap(*spot)
        page.wait_for_timeout(120)
        page.touchscreen.tap(*spot)
        page.wait_for_timeout(200)
        assert page.get_attribute("main", "data-state") in ("preparing", "analysing")


def go_offline(page):
    page.context.set_offline(True)
    page.wait_for_selector("#offline:visible")


def test_offline_every_language_is_there(kept_page):
    page = kept_page
    go_offline(page)
    page.select_option("#language", "pt")
    wait_for(page, lambda: page.get_attribute("html", "lang") == "pt")


def test_offline_a_language_that_is_not_kept_stays_away_and_the_page_says_why(kept_page):
    page = kept_page
    go_offline(page)
    page.evaluate("caches.delete('page')")
    page.select_option("#language", "de")
    wait_for(page, lambda: "needs a connection" in page.inner_text("#notice"))
    assert page.input_value("#language") == "en"
    assert page.get_attribute("html", "lang") == "en"


def test_offline_the_page_promises_to_keep_a_recording_only_where_there_is_one(kept_page):
    page = kept_page
    go_offline(page)
    assert page.inner_text("#offline") == "You are offline."


def test_offline_there_is_one_message(kept_page):
    page = kept_page
    go_offline(page)
    identify(page, recording(5))
    assert shown(page).message.startswith("You are offline.")
    assert not page.is_visible("#offline")


def test_the_csv_opens_in_excel_names_the_file_and_lists_no_bird_where_none_is(module):
    answer = {
        "birds": [],
        "windows": [
            {
                "start_seconds": 0,
                "end_seconds": 5,
                "verdict": "no_bird",
                "species": [
                    {"name": "Rook", "scientific_name": "Corvus frugilegus", "probability": 0}
                ],
            }
        ],
    }
    code = "(m, answer) => m.EXPORT_FORMATS[0][4](answer, (bird) => bird.name, 'wood.wav')"
    text = module("core/export-formats.js", code, answer)
    assert text.startswith("\ufeff")
    assert text.split("\r\n")[1] == "wood.wav,0,5,no_bird,,,,,,"


def test_from_right_to_left_times_per_cent_and_the_picture_s_axis_stay(page, api):
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, page_api.BOTH
    identify(page, recording(20))
    page.wait_for_selector("[data-picture=ready]")
    page.evaluate("document.documentElement.dir = 'rtl', 0")
    box, axis, strip, first = (
        page.locator(each).first.bounding_box()
        for each in ("#spectrogram", ".khz", "#strip", "#times span")
    )
    assert axis["x"] < box["x"]
    assert first["x"] == pytest.approx(strip["x"], abs=2)
    assert page.evaluate(DIGITS_FIRST, "#birds .sure")
    assert page.evaluate(DIGITS_FIRST, "#bird-probability")
    for each in ("#sound-length", "#record-time", "#birds .times > *"):
        code = "(each) => getComputedStyle(document.querySelector(each)).direction"
        assert page.evaluate(code, each) == "ltr"


def test_a_song_to_try_is_loaded_on_the_press_and_named(open_page, api):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "samples/" in url]
    assert page.is_visible("[data-t=privacy]")
    assert "CC BY-SA" in page.inner_text("#credits")
    page.click("#try")
    assert wait_state(page, "result", "error") == "result"
    assert shown(page).bird_name == "Common Blackbird"
    assert len([url for url in asked if "samples/" in url]) == 1
    assert api.seconds[0] == 5.0


def test_a_song_that_cannot_be_loaded_can_be_tried_again(open_page):
    page = open_page()
    page.route("**/samples/*", lambda route: route.abort())
    page.click("#try")
    assert wait_state(page, "result", "error") == "error"
    page.unroute("**/samples/*")
    page.click("#send")
    assert wait_state(page, "result") == "result"
