"""The rows while the page listens: what a stop would say now, and when each bird began."""

import page_api
import pytest

pytest_plugins = ["page_fixtures"]
ADD = """(m, [pooling, looks]) => {
    const tally = new m.Tally(pooling);
    const windows = [];
    return looks.map((judged, i) => {
        const rows = tally.add(windows, judged, i + 1);
        if (i % 5 === 4) windows.push(judged);
        return rows.map((it) => ({...it}));
    });
}"""
NOTHING = {"verdict": "no_bird", "bird": 0.1, "species": []}


def look(probability, name="Wren"):
    species = [{"name": name, "scientific_name": name, "probability": probability}]
    return {"verdict": "bird", "bird": 0.9, "species": species}


@pytest.fixture
def rows(module):
    """What is shown after each look."""
    pooling = page_api.POOLING_OF_BIRDS
    return lambda *looks: module("core/tally.js", ADD, [pooling, list(looks)])


def test_a_certain_bird_is_shown_at_once_and_lit_while_it_is_heard(rows):
    first, second, third = rows(NOTHING, look(0.95), NOTHING)
    assert first == []
    (row,) = second
    assert (row["lit"], row["certain"], row["first_seconds"], row["count"]) == (True, True, 1, 1)
    assert not third[0]["lit"]


def test_a_bird_that_is_not_certain_is_shown_from_its_second_look_on(rows):
    first, second = rows(look(0.7), look(0.7))
    assert first == []
    assert (second[0]["certain"], second[0]["looks"]) == (False, 2)


def test_a_bird_that_sings_again_is_counted_again(rows):
    shown = rows(look(0.95), look(0.95), NOTHING, look(0.95))
    assert [each[0]["count"] for each in shown] == [1, 1, 1, 2]


def test_rows_keep_the_order_in_which_birds_were_heard(rows):
    shown = rows(look(0.95), look(0.99, "Robin"), look(0.95))
    assert [row["name"] for row in shown[-1]] == ["Wren", "Robin"]


def test_a_model_without_the_rule_of_birds_names_the_best(module):
    shown = module("core/tally.js", ADD, [page_api.POOLING, [look(0.95), NOTHING]])
    assert [[row["name"], row["lit"]] for each in shown for row in each] == [
        ["Wren", True],
        ["Wren", False],
    ]
