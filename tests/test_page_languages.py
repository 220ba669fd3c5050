"""Six languages: whole tables, names of species, the browser's language by default."""

import json
import re
from pathlib import Path

import pytest
from page_api import FRONTEND
from page_browser import identify, recording, shown, until

pytest_plugins = ["page_fixtures"]
TABLES = {
    file.stem: json.loads(file.read_text()) for file in sorted((FRONTEND / "lang").glob("*.json"))
}
OTHERS = sorted(TABLES.keys() - {"en"})
MODEL = Path(__file__).parent.parent / "training" / "model" / "constants.json"
# What the API may say to a reader; in English the page shows its own sentence.
API_ERRORS = {
    "payload_too_large",
    "unsupported_audio",
    "undecodable_audio",
    "no_audio_stream",
    "audio_too_short",
    "audio_too_long",
    "silent_audio",
    "empty_audio",
    "rate_limited",
    "internal",
    "upstream_error",
    "upstream_invalid",
    "upstream_unavailable",
    "upstream_timeout",
}


def species(table):
    return {key for key in table if re.fullmatch(r"[A-Z][a-z]+ [a-z]+", key)}


def places(text):
    return sorted(re.findall(r"\{\w+\}", text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_there_with_its_places(language):
    table = TABLES[language]
    expected = TABLES["en"].keys() | {f"error.{code}" for code in API_ERRORS}
    assert table.keys() - species(table) == expected
    assert {key: places(table[key]) for key in TABLES["en"]} == {
        key: places(text) for key, text in TABLES["en"].items()
    }
    assert all(text.strip() for key, text in table.items() if TABLES["en"].get(key))


@pytest.mark.parametrize("language", OTHERS)
def test_every_shipped_species_has_one_name_of_its_own(language):
    names = [TABLES[language][each] for each in species(TABLES[language])]
    assert len(set(names)) == len(names)
    assert species(TABLES[language]) == species(TABLES["it"])


@pytest.mark.skipif(not MODEL.exists(), reason="no model is shipped yet")
def test_every_species_of_the_shipped_model_has_a_name():
    assert set(json.loads(MODEL.read_text())["labels"]) <= species(TABLES["it"])


@pytest.mark.parametrize(
    ("locale", "name", "line"),
    [
        ("it-IT", "Merlo", "87 %: molto probabile"),
        ("de-AT", "Amsel", "87 %: ziemlich sicher"),
        ("fr-CA", "Merle noir", "87 % : très probable"),
        ("es-ES", "Mirlo común", "87 %: muy probable"),
        ("pt-BR", "Melro-preto", "87 %: muito provável"),
        ("nl-NL", "Common Blackbird", "87 %: quite sure"),
    ],
)
def test_the_page_speaks_the_browser_s_language(open_page, locale, name, line):
    page = open_page(locale=locale, viewport={"width": 390, "height": 844})
    identify(page, recording(5))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert (shown(page).bird_name, shown(page).bird_probability) == (name, line)


def test_the_language_can_be_changed_at_any_time_and_is_kept(page):
    identify(page, recording(5))
    page.select_option("#language", "it")
    until(page, "document.querySelector('#bird-name').textContent === 'Merlo'")
    assert page.inner_text("#kicker") == "Il più probabile"
    assert page.get_attribute("html", "lang") == "it"
    assert page.locator("#timeline button").get_attribute("title") == "0:00–0:05: Merlo, 87 %"
    page.reload()
    page.wait_for_selector("body[data-birds]")
    assert page.inner_text("h1") == "Quale uccello sta cantando?"


def test_only_the_chosen_language_is_loaded(open_page):
    page = open_page(locale="fr-FR")
    page.wait_for_load_state("networkidle")
    urls = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert {url.rsplit("/")[-1] for url in urls if "/lang/" in url} == {"fr.json"}


def test_a_species_without_a_name_in_the_table_keeps_the_model_s(open_page, api):
    api.species = [
        {
            "name": "Andean Cock-of-the-rock",
            "scientific_name": "Rupicola peruvianus",
            "probability": 0.9,
        }
    ]
    page = open_page(locale="de-DE")
    identify(page, recording(5))
    assert shown(page).bird_name == "Andean Cock-of-the-rock"
