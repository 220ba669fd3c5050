"""Who may import whom: each bundle ships on its own, so each has a list of what it may lean on."""

import ast
import functools
import graphlib
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
NOT_OURS = {"build", "dist", "node_modules", "venv"}
TRAINING_SIBLINGS = {path.stem for path in (REPOSITORY / "training" / "source_dir").glob("*.py")}

# The first line that fits a file is its rule: what it may import beside the standard library.
# "." is its own folder.
RULES = [
    ("birdapp/app.py", {"chalice", "chalicelib"}),
    ("birdapp/chalicelib/aws.py", {".", "boto3", "botocore"}),
    # audioop leaves the standard library with Python 3.13; audioop-lts brings it back.
    ("birdapp/chalicelib/mono.py", {".", "pydub", "audioop"}),
    ("birdapp/chalicelib/", {".", "chalice"}),
    ("birdapp/", set()),
    ("spectrogram_fn/handler.py", {".", "spectrogram"}),
    ("spectrogram_fn/", {".", "numpy", "scipy"}),
    ("classifier_fn/handler.py", {".", "classifier"}),
    ("classifier_fn/", {".", "ai_edge_litert", "numpy"}),
    (
        "training/source_dir/",
        {"keras", "numpy", "scipy", "spectrogram", "tensorflow", "tqdm", *TRAINING_SIBLINGS},
    ),
]
# What the decoder leans on: training takes it along without Chalice and boto3.
DECODER = [
    *("company", "decode", "errors", "ffmpeg", "ffmpeg_log", "ffmpeg_path", "formats", "graphs"),
    *("levels", "mono", "mp3", "ogg", "pcm", "second_look", "wav"),
]
# app.py, the handlers and the scripts are edges; these alone may import them.
EDGES = [
    "app",
    "birdapp.app",
    "classifier_fn.handler",
    "spectrogram_fn.handler",
    "run_local",
    "deploy",
    "deploy_endpoint",
    "training.launch",
    "training.prepare",
]
EDGE_IMPORTERS = (
    "tests/",
    "loadtests/",
    "local/",  # What run_local.py starts.
    "run_local.py",
    "training/pipeline.py",  # Runs training.prepare.
    "training/cross_validate.py",  # Likewise.
    "training/scores/asking.py",  # Scores the served path itself, handler included.
)
# Which top-level folder or script imports which; CONTRIBUTING.md draws it.
ROOMS = {
    "birdapp": set(),
    "classifier_fn": set(),
    "spectrogram_fn": set(),
    "infra": {"birdapp", "classifier_fn", "spectrogram_fn"},
    "local": {"birdapp", "classifier_fn", "infra", "spectrogram_fn"},
    "training": {"birdapp", "infra", "local", "spectrogram_fn"},
    "loadtests": {"birdapp", "infra"},
    "run_local": {"birdapp", "local"},
    "deploy": {"infra"},
    "deploy_endpoint": {"infra"},
}
# The product works without infra; what it takes from there, file by file.
FROM_INFRA = {
    "local/readiness.py": {"song"},
    "local/site.py": {"errors", "site.headers", "site.listen"},
    "training/launch.py": {"config", "errors", "session", "stacks.foundation", "stacks.roles"},
    "training/jobs/machines.py": {"config", "errors", "session", "stacks.foundation"},
    "training/jobs/images.py": {"endpoint.plan"},
    "training/jobs/": {"config", "errors", "session"},
}
GROUND = {
    "alarms",
    "change",
    "cloudformation",
    "config",
    "errors",
    "limits",
    "s3",
    "session",
    "song",
}
# Of infra's parts each may import those before it.
PARTS = ("endpoint", "stacks", "packages", "site")


@functools.cache
def python_files():
    paths = [path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*.py")]
    ours = [
        path
        for path in paths
        if not any(part in NOT_OURS or part.startswith(".") for part in path.parts)
    ]
    return sorted(map(str, ours))


@functools.cache
def imports_of(source):
    """Full names that a file imports, also inside its functions; a relative one keeps its dots."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names |= {module, *(f"{module.rstrip('.')}.{alias.name}" for alias in node.names)}
    return names


def packages_of(source):
    """The first part of each import without the standard library; "." is the own folder."""
    names = imports_of(source)
    relative = {"." * (len(name) - len(name.lstrip("."))) for name in names if name.startswith(".")}
    absolute = {name.split(".")[0] for name in names if not name.startswith(".")}
    return relative | (absolute - sys.stdlib_module_names)


def rule_of(file):
    return next(
        (allowed for place, allowed in RULES if file == place or file.startswith(place)), None
    )


@pytest.mark.parametrize("file", [file for file in python_files() if rule_of(file) is not None])
def test_a_bundle_imports_only_what_it_ships(file):
    assert packages_of((REPOSITORY / file).read_text()) <= rule_of(file)


def test_every_bundle_is_there_to_be_checked():
    assert all(any(file.startswith(place) for file in python_files()) for place, _ in RULES)


def test_the_decoder_leans_on_its_siblings_alone():
    for name in DECODER:
        relative = {
            found.strip(".").split(".")[0]
            for found in imports_of(
                (REPOSITORY / "birdapp" / "chalicelib" / f"{name}.py").read_text()
            )
            if found.startswith(".") and found.strip(".")
        }
        assert relative <= set(DECODER)


@pytest.mark.parametrize(
    "file", [file for file in python_files() if not file.startswith(EDGE_IMPORTERS)]
)
def test_nobody_imports_an_edge(file):
    assert imports_of((REPOSITORY / file).read_text()).isdisjoint(EDGES)


def room_of(file):
    return file.split("/")[0].removesuffix(".py")


def rooms_imported_by(room):
    """The other rooms that a top-level folder or script imports."""
    files = [file for file in python_files() if room_of(file) == room]
    names = {name for file in files for name in imports_of((REPOSITORY / file).read_text())}
    return {name.split(".")[0] for name in names} & ROOMS.keys() - {room}


def modules_of_infra(file):
    """What a file imports from infra, down to the module: "session", "site.headers"."""
    found = set()
    for name in imports_of((REPOSITORY / file).read_text()):
        parts = name.split(".")
        if parts[0] == "infra" and len(parts) > 1:
            depth = 3 if (REPOSITORY / "infra" / parts[1]).is_dir() else 2
            found |= {".".join(parts[1:depth])} if len(parts) >= depth else set()
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_the_rooms_of_its_list(room):
    assert rooms_imported_by(room) <= ROOMS[room]


def test_no_two_rooms_depend_on_each_other():
    graphlib.TopologicalSorter(ROOMS).prepare()


def product_files():
    product = {"birdapp", "classifier_fn", "local", "spectrogram_fn", "training"}
    return [file for file in python_files() if room_of(file) in product]


@pytest.mark.parametrize("file", product_files())
def test_the_product_takes_little_from_infra(file):
    allowed = next((FROM_INFRA[place] for place in FROM_INFRA if file.startswith(place)), set())
    assert modules_of_infra(file) <= allowed


def files_of_infra(room):
    """The files of a room of infra, which is a module or a folder."""
    return [
        file for file in python_files() if file.startswith((f"infra/{room}.", f"infra/{room}/"))
    ]


def rooms_of_infra(room):
    found = {name.split(".")[0] for file in files_of_infra(room) for name in modules_of_infra(file)}
    return found - {room}


@pytest.mark.parametrize("module", sorted(GROUND))
def test_the_ground_of_infra_imports_no_room(module):
    assert rooms_of_infra(module) <= GROUND


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_infra_imports_only_those_before_it(part):
    assert rooms_of_infra(part) <= GROUND.union(PARTS[: PARTS.index(part)])


def test_the_parts_of_infra_do_not_import_what_joins_them():
    joins = {"classifier", "cost", "cost_ceiling", "hosting", "stage", "status"}
    assert not {part for part in PARTS if rooms_of_infra(part) & joins}


def test_no_python_file_hides_behind_a_link():
    """Chalice drops a linked folder under chalicelib without a word."""
    assert not [path for path in (REPOSITORY / "birdapp").rglob("*") if path.is_symlink()]


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        ("import numpy.typing as npt", {"numpy"}),
        ("from numpy import array", {"numpy"}),
        ("import os, json", set()),
        ("from . import errors", {"."}),
        ("from .errors import ServiceError", {"."}),
        ("from ..training import split", {".."}),
        ("def late():\n    import tensorflow", {"tensorflow"}),
        ("try:\n    from .x import y\nexcept ImportError:\n    import x", {".", "x"}),
    ],
)
def test_the_check_sees_every_kind_of_import(source, packages):
    assert packages_of(source) == packages
