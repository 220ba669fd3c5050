"""Where and when: a bird that is unusual in the place and the month is marked, never hidden."""

import datetime
import gzip
import json
import os

import numpy as np
import page_api
import pytest
from page_api import FRONTEND
from page_browser import chirps, identify, recording, wait_for, wav
from test_page_access import LOOKS, complaints, tab_to

from training.data.occurrence import CONSTANTS, coordinates, find_unusual, pack, places

pytest_plugins = ["page_fixtures"]
TABLE, PLACES = FRONTEND / "where" / "unusual.bin", FRONTEND / "where" / "places.json"
BERLIN, LISBON = [52, 13], [38, -10]
CUCKOO, BLACKBIRD, BRAMBLING = "Cuculus canorus", "Turdus merula", "Fringilla montifringilla"
IS_UNUSUAL = """async (m, [species, cell, month]) => {
    const packed = (await fetch('/where/unusual.bin')).body;
    const whole = new Response(packed.pipeThrough(new DecompressionStream('gzip')));
    const seasons = m.readSeasons(new Uint8Array(await whole.arrayBuffer()));
    return m.isUnusual(seasons, species, cell, month);
}"""
# One that is never heard in winter, and one that always is.
SINGING = [
    {"name": "Common Cuckoo", "scientific_name": CUCKOO, "probability": 0.93},
    {"name": "Common Blackbird", "scientific_name": BLACKBIRD, "probability": 0.91},
    {"name": "Brambling", "scientific_name": BRAMBLING, "probability": 0.3},
]


@pytest.mark.parametrize(
    ("species", "cell", "month", "unusual"),
    [
        (CUCKOO, BERLIN, 1, True),
        (CUCKOO, BERLIN, 5, False),
        (BRAMBLING, LISBON, 6, True),
        (BRAMBLING, LISBON, 1, False),
        ("Cisticola juncidis", BERLIN, 5, True),
        ("Cisticola juncidis", LISBON, 5, False),
        *((BLACKBIRD, BERLIN, month, False) for month in (1, 7, 12)),
        ("Parus major", BERLIN, 12, False),
        # Neither is in the table.
        ("Luscinia svecica", BERLIN, 1, False),
        (CUCKOO, [52, -80], 1, False),
    ],
)
def test_the_table_knows_who_is_unusual_where_and_when(module, species, cell, month, unusual):
    assert module("core/where.js", IS_UNUSUAL, [species, cell, month - 1]) == unusual


def test_the_table_names_the_shipped_species_and_its_licence_and_is_small():
    head, bits = gzip.decompress(TABLE.read_bytes()).split(b"\n", 1)
    told = json.loads(head)
    assert told["species"] == json.loads(CONSTANTS.read_bytes())["labels"]
    assert "BirdNET" in told["source"]
    assert told["licence"] == "CC BY-NC-SA 4.0"
    assert len(bits) * 8 >= len(told["species"]) * told["rows"] * told["columns"] * 12
    assert TABLE.stat().st_size < 60_000


def test_cities_of_europe_are_known_by_their_countries():
    zones = """# code, coordinates, zone
DE\t+5230+01322\tEurope/Berlin\tmost of Germany
IM\t+5409-00428\tEurope/Isle_of_Man
CV\t+1455-02331\tAtlantic/Cape_Verde"""
    found = places(zones)
    assert found == {"Berlin": ("DE", 52.5, 13.4), "Isle of Man": ("IM", 54.1, -4.5)}
    shipped = json.loads(PLACES.read_text())
    assert {name: tuple(shipped[name]) for name in found} == found
    assert len(shipped) > 50


def test_a_month_is_unusual_where_none_of_its_weeks_is_likely():
    likely = np.full((48, 1, 2, 3), 0.009)
    likely[[4, 47], 0, 1, 2] = 0.01
    assert np.argwhere(~find_unusual(likely)).tolist() == [[2, 0, 1, 1], [2, 0, 1, 11]]


def test_a_packed_table_is_read_as_it_was(module):
    unusual = np.random.default_rng(1).random((2, 3, 5, 12)) < 0.5
    head = {"species": ["A a", "B b"], "south": 50, "west": -2, "rows": 3, "columns": 5}
    found = module(
        "core/where.js",
        """(m, bytes) => {
            const seasons = m.readSeasons(Uint8Array.from(bytes));
            return ['A a', 'B b'].map((name) => [50, 51, 52].map((north) =>
                [-2, -1, 0, 1, 2].map((east) => Array.from({length: 12}, (_, month) =>
                    m.isUnusual(seasons, name, [north, east], month)))));
        }""",
        list(gzip.decompress(pack(head, unusual))),
    )
    assert (np.array(found) == unusual).all()


@pytest.mark.parametrize(
    ("text", "expected"), [("+5230-01322", (52.5, -13.4)), ("-513030+0000731", (-51.5, 0.1))]
)
def test_coordinates_of_the_tz_database(text, expected):
    assert coordinates(text) == expected


@pytest.mark.parametrize(
    ("words", "cell"),
    [
        ("52.5, 13.4", [52, 13]),
        ("52,5 13,4", [52, 13]),
        ("52, 13", [52, 13]),
        (" -33.9 ; 18.4 ", [-34, 18]),
        ("38.7° N 9.1° W", [38, -10]),
        ("Berlin", [52, 13]),
        ("berlin, deutschland", [52, 13]),
        ("Osterreich", [48, 16]),
        ("zür", [47, 8]),
        ("91, 0", None),
        ("0, 181", None),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_a_place_is_read_as_people_write_it(module, words, cell):
    known = [
        {"names": ["Vienna", "Österreich", "Vienna, Österreich"], "cell": [48, 16]},
        {"names": ["Zurich", "Schweiz", "Zurich, Schweiz"], "cell": [47, 8]},
        {"names": ["Berlin", "Deutschland", "Berlin, Deutschland"], "cell": [52, 13]},
    ]
    found = module("core/where.js", "(m, given) => m.parsePlace(...given)", [words, known])
    assert found == cell


@pytest.fixture
def singing(api):
    api.pooling, api.species = page_api.POOLING_OF_BIRDS, SINGING
    return api


def type_place(page, words):
    if not page.is_visible("#where-place"):
        page.click("#where summary")
    wait_for(page, lambda: page.locator("#where-places option").count())
    page.fill("#where-place", words)
    page.press("#where-place", "Enter")
    wait_for(page, lambda: page.inner_text("#where-state"))
    return page.inner_text("#where-state")


def made_in(folder, month):
    """A recording that was made in a month, by its file's date."""
    file = folder / "garden.wav"
    file.write_bytes(wav(chirps(5)))
    seconds = datetime.datetime(2025, month, 15, tzinfo=datetime.UTC).timestamp()
    os.utime(file, (seconds, seconds))
    return file


def marked(page):
    return page.locator("#birds > li, #candidates > li").evaluate_all(
        "all => all.map((it) => [it.dataset.species, it.querySelector('.unusual')?.textContent])"
    )


def test_an_unusual_bird_is_marked_in_its_month_and_never_hidden(open_page, singing, tmp_path):
    page = open_page(locale="de-DE")
    assert type_place(page, "Deutschland") == "Markiert für 52°, 13°."
    identify(page, made_in(tmp_path, 1))
    assert marked(page) == [
        [CUCKOO, "hier im Januar ungewöhnlich"],
        [BLACKBIRD, None],
        [BRAMBLING, None],
    ]
    assert page.locator(f"#birds > li[data-species='{CUCKOO}']").is_visible()
    page.select_option("#language", "fr")
    wait_for(page, lambda: marked(page)[0][1] == "inhabituel ici au mois de janvier")
    page.select_option("#language", "en")
    wait_for(page, lambda: marked(page)[0][1] == "unusual here in January")
    page.reload()
    page.wait_for_selector("body[data-birds]")
    identify(page, made_in(tmp_path, 6))
    assert marked(page) == [
        [CUCKOO, None],
        [BLACKBIRD, None],
        [BRAMBLING, "unusual here in June"],
    ]


def test_without_a_place_nothing_is_marked_and_no_table_is_loaded(page, singing, tmp_path):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    identify(page, made_in(tmp_path, 1))
    assert [mark for _, mark in marked(page)] == [None, None, None]
    assert not [url for url in asked if "/where/" in url]


def test_the_place_is_rounded_at_once_sent_to_nobody_and_forgotten_on_request(open_page, singing):
    page = open_page(
        permissions=["geolocation"],
        geolocation={"latitude": 38.7223, "longitude": -9.1393},
    )
    asked = []
    page.on("request", lambda request: asked.append((request.url, request.post_data or "")))
    page.click("#where summary")
    page.click("#where-here")
    wait_for(page, lambda: page.inner_text("#where-state") == "Marked for 38°, -10°.")
    assert page.evaluate("Object.values(localStorage)") == ["38,-10"]
    identify(page, recording(5))
    # The name of a blob is random, and sent to nobody.
    sent = [(url, body) for url, body in asked if not url.startswith("blob:")]
    assert not [url for url, body in sent if "38" in url.split("/")[-1] or "-10" in body[:99]]
    page.reload()
    page.wait_for_selector("body[data-birds]")
    page.click("#where summary")
    wait_for(page, lambda: page.input_value("#where-place") == "38, -10")
    page.fill("#where-place", "")
    page.press("#where-place", "Enter")
    wait_for(page, lambda: page.inner_text("#where-state") == "")
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Atlantis", "No such place is known."),
        ("-34, 18", "-34°, 18° is outside Europe: nothing is marked."),
    ],
)
def test_a_place_that_is_of_no_use_is_a_sentence(page, words, told):
    assert type_place(page, words).startswith(told)


def test_a_device_that_gives_no_place_is_a_sentence(page):
    page.click("#where summary")
    page.click("#where-here")
    wait_for(page, lambda: page.inner_text("#where-state") == "The device gave no place.")


def test_where_and_when_works_by_keyboard_and_axe_finds_nothing(page, singing, tmp_path):
    tab_to(page, "#where summary")
    page.keyboard.press("Enter")
    wait_for(page, lambda: page.locator("#where-places option").count() > 40)
    tab_to(page, "#where-place")
    page.keyboard.type("berlin")
    tab_to(page, "#where-here")
    wait_for(page, lambda: page.inner_text("#where-state") == "Marked for 52°, 13°.")
    clean(page)
    identify(page, made_in(tmp_path, 1))
    assert marked(page)[0] == [CUCKOO, "unusual here in January"]
    clean(page)


def clean(page):
    for width, theme in LOOKS:
        # So tall that no text lies across the window's edge, where axe sees no background.
        page.set_viewport_size({"width": width, "height": 2_000})
        page.emulate_media(color_scheme=theme)
        assert complaints(page) == [], (width, theme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
