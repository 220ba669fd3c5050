"""One place each: the formats that the API reads, and those that the page saves."""

import re
from pathlib import Path

import pytest
from page_api import FRONTEND
from page_browser import identify, recording, shown, until

pytest_plugins = ["page_fixtures"]
CONTRACTS = (Path(__file__).parent.parent / "docs" / "contracts.md").read_text()
LANGUAGES = ["en", "it", "de", "fr", "es", "pt"]
UNREAD = {"name": "old.amr", "mimeType": "audio/amr", "buffer": b"\0" * (5 * 2**20)}
# What somebody adds for a new format: one row.
SUBTITLES = """
EXPORT_FORMATS.push(["srt", ".srt", "text/plain", "Subtitles", answer => answer.species[0].name])
"""


def api_formats():
    """Return those of docs/contracts.md: "OGG (Vorbis, Opus)" is OGG, "raw AAC" is AAC."""
    listed = re.search(r"^(WAV, .*?)\. At most", CONTRACTS, re.MULTILINE)[1]
    return re.sub(r" \(.*?\)|raw ", "", listed).split(", ")


@pytest.fixture(scope="module")
def formats(module):
    return module("core/audio-formats.js", "m => m.AUDIO_FORMATS")


def test_the_page_names_the_formats_that_the_api_reads(formats):
    assert list(formats) == api_formats()


def test_the_file_input_takes_every_sound_and_video_and_every_listed_suffix(page, formats):
    accepted = page.get_attribute("input[type=file]", "accept").split(",")
    suffixes = ",".join(formats.values()).split(",")
    assert accepted == ["audio/*", "video/*", *suffixes]
    assert all(re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in suffixes)


def test_every_language_lists_the_formats_of_the_api(page):
    assert identify(page, UNREAD) == "error"
    for language in LANGUAGES:
        page.select_option("#language", language)
        until(page, f"document.documentElement.lang === '{language}'")
        assert shown(page).message.endswith(f"{', '.join(api_formats())}."), language


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_has_a_list_of_formats_of_its_own(language):
    assert not re.findall(
        r"MP3|FLAC|OGG|M4A|WebM", (FRONTEND / "lang" / f"{language}.json").read_text()
    )


def test_every_export_format_has_a_button_with_its_label(page):
    identify(page, recording(5))
    labels = {
        button.get_attribute("id"): button.inner_text()
        for button in page.locator("#details .tool").all()
    }
    assert {name: label for name, label in labels.items() if name} == {
        "save-csv": "CSV table",
        "save-json": "JSON",
        "save-raven": "Raven table",
        "save-audacity": "Audacity labels",
        "share": "Share a link",
    }


def test_one_row_in_one_file_adds_an_export_format(open_page, tmp_path):
    page = open_page()
    source = (FRONTEND / "core" / "export-formats.js").read_text() + SUBTITLES
    page.route(
        "**/core/export-formats.js",
        lambda route: route.fulfill(body=source, content_type="text/javascript"),
    )
    page.reload()
    page.wait_for_selector("body[data-birds]")
    identify(page, recording(5))
    assert page.inner_text("#save-srt") == "Subtitles"
    with page.expect_download() as download:
        page.click("#save-srt")
    assert download.value.suggested_filename == "garden.srt"
    assert download.value.path().read_text() == "Common Blackbird"
