"""The page in front of the real app: it says of a real recording what the API says of the file."""

import json
import subprocess

import imageio_ffmpeg
import pytest
from local_app import SHIPPED_MODEL, ask
from page_browser import (
    ENDS,
    identify,
    microphone_that_hears,
    saved_answer,
    shown,
    until,
    wait_state,
)

pytest_plugins = ["page_fixtures"]
MOST_SECONDS = 16


@pytest.fixture(scope="module")
def songs(app, recordings, recording_rows):
    """Twenty real recordings, one a species that the model knows."""
    known = {
        each["scientific_name"]
        for each in json.loads(ask(app.api_url, "GET", "/species")[2])["species"]
    }
    rows = [
        row
        for row in recording_rows
        if row["scientific_name"] in known and float(row["seconds"]) <= MOST_SECONDS
    ]
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
    heard = saved_answer(page)
    _, told = app.classify(song.read_bytes(), top=20)
    best, expected = heard["species"][0], told["species"][0]
    same = (
        best["scientific_name"] == expected["scientific_name"]
        and heard["verdict"] == told["verdict"]
        and heard_birds(heard) == heard_birds(told)
    )
    close = abs(best["probability"] - expected["probability"]) <= 0.05
    return (
        None
        if same and close
        else (song.name, state, best, expected, heard["verdict"], told["verdict"])
    )


def heard_birds(answer):
    """Which birds an answer names, how, and when."""
    keys = ("scientific_name", "certain", "spans")
    return [[bird[key] for key in keys] for bird in answer["birds"]]


def test_a_song_to_try_is_answered_with_one_tap_and_by_no_wrong_name(app, browser):
    """The network has never heard it: a blue tit, with a blackbird behind it. It may be unsure."""
    with browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(app.site_url)
        page.wait_for_selector("body[data-birds]")
        page.click("#try")
        state = wait_state(page, *ENDS)
        assert state in ("result", "unsure")
        certain = page.locator("#birds > li[data-certain='true']")
        names = {one.get_attribute("data-species") for one in certain.all()}
        assert names <= {"Cyanistes caeruleus", "Turdus merula"} or app.model != SHIPPED_MODEL


def convert(source, target, *options):
    """Write a file in another form with ffmpeg."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-y",
        "-loglevel",
        "error",
        *source,
        *options,
        target,
    ]
    subprocess.run(command, check=True)
    return target


def test_a_song_that_the_microphone_hears_is_named_like_its_file(app, launch, recordings, tmp_path):
    song = min((recordings / "Corvus_corax").glob("*.ogg"))
    heard = convert(["-i", song], tmp_path / "heard.wav", "-ar", "48000", "-t", "8")
    browser = launch(*microphone_that_hears(heard))
    with browser.new_context(permissions=["microphone"], locale="en-GB") as context:
        page = context.new_page()
        page.goto(app.site_url)
        page.click("#record")
        until(
            page, "parseInt(document.querySelector('#record-time').textContent.split(':')[1]) >= 8"
        )
        page.click("#record-stop")
        wait_state(page, "result", "unsure")
        _, told = app.classify(heard.read_bytes())
        assert shown(page).bird_name == told["species"][0]["name"]


def video(folder, name, *sound):
    """A made video of 6 s, with the sound that is asked for."""
    return convert(
        ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=5"], folder / name, *sound, "-t", "6"
    )


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_a_video_gives_its_sound(app, browser, tmp_path, name):
    film = video(tmp_path, name, "-f", "lavfi", "-i", "anoisesrc=amplitude=0.1")
    with browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(app.site_url)
        assert identify(page, film) in ("result", "unsure", "no-bird")


def test_a_video_without_sound_is_told_in_one_sentence(app, browser, tmp_path):
    with browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(app.site_url)
        assert identify(page, video(tmp_path, "silent.mp4")) == "error"
        assert shown(page).message.count(".") >= 1
        assert page.inner_text("#sound-title") == "silent.mp4"
