"""README, CONTRIBUTING and docs/experiments.md: what they name exists, what they draw is so."""

import json
import re
from pathlib import Path

import pytest
from test_imports import ROOMS

REPOSITORY = Path(__file__).parent.parent
DOCS = ["README.md", "CONTRIBUTING.md", "docs/decisions.md", "docs/experiments.md"]
# Made by a command, or by the reader.
MADE = ("build/", ".venv", "frontend/node_modules")
# Named in a document; engineers of other parts still write them.
TO_COME = {
    "docs/openapi.yaml",
}


def read(name):
    return (REPOSITORY / name).read_text()


def paths_in(text):
    """The files and folders of this repository that stand in backquotes."""
    quoted = re.findall(r"`([\w./*-]+/[\w./*-]*|[\w-]+\.(?:py|md|txt|toml))`", text)
    return {path.rstrip("/") for path in quoted if not path.startswith(MADE) and "CODE" not in path}


@pytest.mark.parametrize("name", DOCS)
def test_a_document_names_files_that_exist(name):
    tops = {path.name for path in REPOSITORY.iterdir()}
    ours = {path for path in paths_in(read(name)) if path.split("/")[0] in tops}
    missing = {path for path in ours if not list(REPOSITORY.glob(path))}
    assert missing <= TO_COME


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_a_document_names_targets_of_make(name):
    targets = set(re.findall(r"^([\w -]+):", read("Makefile"), re.MULTILINE))
    known = {target for line in targets for target in line.split()}
    named = set(re.findall(r"(?:^    |`)make ([\w-]+)", read(name), re.MULTILINE))
    assert named
    assert named <= known


def test_the_picture_of_the_modules_is_what_the_tests_allow():
    picture = re.search(r"```mermaid\n(.*?)```", read("CONTRIBUTING.md"), re.DOTALL)[1]
    drawn = set(re.findall(r"(\w+) --> (\w+)", picture))
    assert drawn == {(room, other) for room, others in ROOMS.items() for other in others}


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) < 150


def test_the_table_of_networks_is_their_results():
    rows = json.loads(read("docs/experiments/results.json"))
    table = re.findall(
        r"^\| (\w+) \| (\d) \| ([\d,]+) \|", read("docs/experiments.md"), re.MULTILINE
    )
    expected = {(row["architecture"], str(row["seed"]), f"{row['windows_seen']:,}") for row in rows}
    assert set(table) == expected
