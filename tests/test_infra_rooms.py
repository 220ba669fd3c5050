"""infra/'s rooms lean on the ground and on one another in one direction only."""

from itertools import combinations
from pathlib import Path

import pytest
from test_imports import imports_of

INFRA = Path(__file__).parent.parent / "infra"
GROUND = ("change", "cloudformation", "config", "errors", "s3", "session", "wait")
ROOMS = sorted(path.parent.name for path in INFRA.glob("*/__init__.py"))


def imported(path):
    """The modules and rooms of infra/ that a file imports, by the first part of their names."""
    names = [name.split(".") for name in imports_of(path.read_text()) if name.startswith("infra.")]
    return {parts[1] for parts in names}


def imported_by_room(room):
    """What all files of a room import."""
    return set().union(*(imported(path) for path in (INFRA / room).glob("*.py")))


@pytest.mark.parametrize("name", GROUND)
def test_the_ground_imports_no_room(name):
    assert imported(INFRA / f"{name}.py") <= set(GROUND)


@pytest.mark.parametrize(("one", "other"), combinations(ROOMS, 2))
def test_no_two_rooms_import_each_other(one, other):
    assert not (other in imported_by_room(one) and one in imported_by_room(other))
