"""What can be saved and shared: files for other programs, clips, links without the sound."""

import csv
import io
import json
import wave

import crowsetta
import numpy as np
import page_api
import pytest
from page_browser import RATE, chirps, identify, recording, shown, until, wait_state

pytest_plugins = ["page_fixtures"]
# crowsetta 5.1 still uses a keyword that pandas 3.1 wants to drop.
old_pandas = pytest.mark.filterwarnings("ignore:The inplace keyword")
ODD = [{"name": 'Tit, "Great"\tor\nso', "scientific_name": "Parus major", "probability": 0.87}]


def saved(page, button, folder):
    """Click a button and keep what it saves."""
    with page.expect_download() as download:
        page.click(button)
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def csv_rows(file):
    """The rows of a CSV file that begins with a byte-order mark."""
    text = file.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_the_csv_has_a_row_for_each_window(page, api, tmp_path):
    api.faults = [None, page_api.SILENT]
    identify(page, recording(12))
    rows = csv_rows(saved(page, "#save-csv", tmp_path))
    assert [row["verdict"] for row in rows] == ["bird", "no_bird", "no_bird"]
    assert rows[0] == {
        "file": "garden.wav",
        "start_seconds": "0",
        "end_seconds": "5",
        "verdict": "bird",
        "species": "Common Blackbird",
        "scientific_name": "Turdus merula",
        "probability": "0.87",
        "confidence": "0.87",
        "certain": "true",
        "verified": "",
    }


def test_a_csv_field_survives_commas_quotes_and_line_breaks(page, api, tmp_path):
    api.species = ODD
    identify(page, recording(5))
    assert csv_rows(saved(page, "#save-csv", tmp_path))[0]["species"] == ODD[0]["name"]


def test_the_json_is_the_answer_of_the_contract(page, api, tmp_path):
    identify(page, recording(12))
    answer = json.loads(saved(page, "#save-json", tmp_path).read_text())
    assert answer.keys() == {
        "verdict",
        "birds",
        "candidates",
        "species",
        "windows",
        "audio_seconds",
        "model",
        "pooling",
    }
    assert (answer["verdict"], answer["audio_seconds"], len(answer["windows"])) == ("bird", 12, 3)
    assert answer["species"] == page_api.BLACKBIRD


@old_pandas
def test_raven_reads_the_selection_table(page, api, tmp_path):
    api.species = ODD
    identify(page, recording(12))
    file = saved(page, "#save-raven", tmp_path)
    boxes = crowsetta.formats.bbox.Raven.from_file(file, annot_col="Common Name").to_bbox()
    assert [(box.onset, box.offset, box.low_freq, box.high_freq) for box in boxes] == [
        (0, 12, 0, 11_025),
    ]
    assert {box.label for box in boxes} == {'Tit, "Great" or so'}


@old_pandas
def test_audacity_reads_the_labels(page, api, tmp_path):
    identify(page, recording(12))
    labels = crowsetta.formats.seq.AudSeq.from_file(saved(page, "#save-audacity", tmp_path))
    assert labels.start_times.tolist() == [0]
    assert labels.end_times.tolist() == [12]
    assert set(labels.labels) == {"Common Blackbird 0.87"}


def test_a_span_is_saved_as_the_sound_that_it_is(page, api, tmp_path):
    api.pooling, api.songs = page_api.POOLING_OF_BIRDS, [page_api.BLACKBIRD, page_api.ROBIN]
    identify(page, recording(10))
    page.locator(".lane[data-species='Erithacus rubecula'] button").click()
    file = saved(page, "#save-clip", tmp_path)
    assert file.name == "garden 5.0-10.0 s.wav"
    with wave.open(str(file)) as clip:
        samples = np.frombuffer(clip.readframes(clip.getnframes()), "<i2") / 32_768
    np.testing.assert_allclose(samples, chirps(10)[5 * RATE : 10 * RATE], atol=1e-3)


def test_a_link_carries_the_result_and_not_the_sound(open_page, api):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    identify(page, recording(38))
    page.click("#share")
    until(page, "document.querySelector('#share-told').textContent === 'Copied.'")
    link = page.evaluate("navigator.clipboard.readText()")
    assert len(link) < 800
    asked = len(api.requests)
    other = open_page()
    other.goto(link)
    other.reload()
    assert wait_state(other, "result") == "result"
    assert (shown(other).bird_name, shown(other).bird_probability) == (
        "Common Blackbird",
        "87 %: quite sure",
    )
    assert other.inner_text("#birds .times") == "0:00–0:38"
    assert not other.is_visible("#spectrogram")
    assert not other.is_visible("#player")
    assert len(api.requests) == asked


@pytest.mark.parametrize("fragment", ["", "%", "e30=", "WzEsMiwzXQ==", "bnVsbA=="])
def test_a_link_with_no_result_opens_the_empty_page(module, fragment):
    assert module("core/share.js", "(m, text) => m.fromFragment(text)", fragment) is None


def test_names_from_a_link_are_text_and_never_html(page, api):
    api.species = [
        {
            "name": "<img src=x onerror=alert(1)>",
            "scientific_name": "<b>Parus</b>",
            "probability": 0.9,
        }
    ]
    identify(page, recording(5))
    assert shown(page).bird_name == "<img src=x onerror=alert(1)>"
    assert page.locator("main img[src=x], main b").count() == 0


def test_saving_again_after_a_second_recording_saves_the_second(page, api, tmp_path):
    identify(page, recording(12, name="first.wav"))
    identify(page, recording(5, name="second.wav"))
    file = saved(page, "#save-json", tmp_path)
    assert (file.name, json.loads(file.read_text())["audio_seconds"]) == ("second.json", 5)
