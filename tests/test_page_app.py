"""The page in front of the real app: it says of a real recording what the API says of the file."""

import json

import pytest
from local_app import ask
from page_browser import identify

pytest_plugins = ["page_fixtures"]
MOST_SECONDS = 16


@pytest.fixture(scope="module")
def songs(app, recordings, recording_rows):
    """Twenty real recordings, one a species that the model knows."""
    known = {each["scientific_name"] for each in json.loads(ask(app.api_url, "GET", "/species")[2])["species"]}
    rows = [row for row in recording_rows if row["scientific_name"] in known and float(row["seconds"]) <= MOST_SECONDS]
    by_species = {row["scientific_name"]: recordings / row["filename"] for row in reversed(rows)}
    return [by_species[name] for name in sorted(by_species)][:20]


def test_the_browser_and_the_server_hear_the_same(app, browser, songs):
    assert len(songs) == 20
    with browser.new_context(locale="en-GB", accept_downloads=True) as context:
        page = context.new_page()
        page.goto(app.site_url)
        differences = [compare(page, app, song) for song in songs]
    assert [difference for difference in differences if difference] == []


def compare(page, app, song):
    """What differs between the page's joined answer and the API's; None where nothing does."""
    state = identify(page, song)
    with page.expect_download() as download:
        page.click("#save-json")
    heard = json.loads(download.value.path().read_text())
    _, told = app.classify(song.read_bytes(), top=20)
    best, expected = heard["species"][0], told["species"][0]
    same = best["scientific_name"] == expected["scientific_name"] and heard["verdict"] == told["verdict"]
    close = abs(best["probability"] - expected["probability"]) <= 0.05
    print(best["scientific_name"], best["probability"], expected["probability"])
    return None if same and close else (song.name, state, best, expected, heard["verdict"], told["verdict"])
