"""The page joins windows exactly as the API does: one table of cases for both languages."""

import json
from pathlib import Path

import pytest

pytest_plugins = ["page_fixtures"]
CASES = json.loads((Path(__file__).parent / "pooling_cases.json").read_text())["cases"]
KEYS = ("name", "scientific_name", "probability")
POOL = "(m, {windows, pooling}) => m.pool(windows, pooling)"


def window(case_window):
    """A window of the table in the form of an answer."""
    species = [dict(zip(KEYS, each, strict=True)) for each in case_window["species"]]
    return {
        "start_seconds": 0,
        "end_seconds": 5,
        "verdict": case_window["verdict"],
        "species": species,
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_page_pools_as_the_table_says(module, case):
    windows = [window(each) for each in case["windows"]]
    pooled = module("core/pooling.js", POOL, {"windows": windows, "pooling": case["pooling"]})
    species = [[each[key] for key in KEYS] for each in pooled["species"]]
    assert {"verdict": pooled["verdict"], "species": species} == case["expected"]


BIRDS = json.loads((Path(__file__).parent / "birds_cases.json").read_text())["cases"]
HEAR = "(m, {windows, birds}) => m.hear(windows, birds)"


@pytest.mark.parametrize("case", BIRDS, ids=[case["name"] for case in BIRDS])
def test_the_page_hears_the_birds_that_the_table_says(module, case):
    windows = [
        window(each) | {key: each[key] for key in each if key != "species"}
        for each in case["windows"]
    ]
    heard = module("core/birds.js", HEAR, {"windows": windows, "birds": case["birds"]})
    for bird in heard["birds"]:
        bird["spans"] = [[span["start_seconds"], span["end_seconds"]] for span in bird["spans"]]
    assert heard == case["expected"]
