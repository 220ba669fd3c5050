"""Who may import whom: each bundle ships on its own, so each has a list of what it may lean on."""

import ast
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
NOT_OURS = {"build", "dist", "node_modules", "venv"}
TRAINING_SIBLINGS = {path.stem for path in (REPOSITORY / "training" / "source_dir").glob("*.py")}

# The first line that fits a file is its rule: what it may import beside the standard library. "." is its own folder.
RULES = [
    ("birdapp/app.py", {"chalice", "chalicelib"}),
    ("birdapp/chalicelib/aws.py", {".", "boto3", "botocore"}),
    ("birdapp/chalicelib/decode.py", {".", "pydub"}),
    ("birdapp/chalicelib/", {".", "chalice"}),
    ("birdapp/", set()),
    ("spectrogram_fn/handler.py", {".", "spectrogram"}),
    ("spectrogram_fn/", {".", "numpy", "scipy"}),
    (
        "training/source_dir/",
        {"keras", "numpy", "scipy", "spectrogram", "tensorflow", "tqdm", *TRAINING_SIBLINGS},
    ),
]
# What the decoder leans on: training takes it along without Chalice and boto3.
DECODER = ["decode", "errors", "ffmpeg", "ffmpeg_log", "formats", "pcm", "wav"]
# app.py, the handlers and the scripts are edges; these alone may import them.
EDGES = [
    "app",
    "birdapp.app",
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
    "training/evaluate.py",  # Scores the served path itself, handler included.
)


def python_files():
    paths = [path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*.py")]
    ours = [
        path
        for path in paths
        if not any(part in NOT_OURS or part.startswith(".") for part in path.parts)
    ]
    return sorted(map(str, ours))


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
    """The first part of each import, the standard library left out; "." is the own folder, ".." the one above."""
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
