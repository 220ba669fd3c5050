"""Find the model in what was given, and refuse files that could run code."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from infra.endpoint.model_archive import MAX_UNPACKED_BYTES, unpack
from infra.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

S3_PREFIX = "s3://"
# What the classifier's Lambda takes of a model folder (classifier_fn/classifier.py).
NETWORK_FILES = ("model.tflite", "constants.json")
ALLOWED = re.compile(
    r"(saved_model|fingerprint|keras_metadata)\.pb"
    r"|variables/variables\.(index|data-\d{5}-of-\d{5})|assets/[^/]+"
)
PICKLE_SUFFIXES = {".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".npy", ".npz"}
# Protocols 2 to 5 start with the opcode PROTO and the protocol's number; older ones have no mark.
PICKLE_START = re.compile(rb"\x80[\x02-\x05]")
# What Keras writes, as JSON, into keras_metadata.pb, .keras and .h5; a Lambda layer carries Python
# byte code.
LAMBDA_LAYER = re.compile(rb'"class_name"\s*:\s*"Lambda"')
LAYER_FILES = {".pb", ".h5", ".hdf5", ".json"}


def obtain(given: str, s3: S3Client, workspace: Path) -> Path:
    """Return the folder or archive on this machine; s3://bucket/key is fetched into `workspace`.

    Raises DeployError where there is none.
    """
    is_remote = given.startswith(S3_PREFIX)
    path = fetch(given, s3, workspace / "model.tar.gz") if is_remote else Path(given)
    if not path.exists():
        raise DeployError(f"There is no model at {given}.")
    return path


def find_saved_model(source: Path, workspace: Path) -> Path:
    """Return the folder with saved_model.pb; an archive is unpacked under the folder `workspace`.

    Raises DeployError when there is not exactly one, or when the artefact is not safe to open.
    """
    found = _find_one(source, workspace, "saved_model.pb")
    refuse(unexpected_files(found))
    return found


def find_network(source: Path, workspace: Path) -> Path:
    """Return a folder with the LiteRT network and its constants alone. Raises DeployError."""
    found, target = _find_one(source, workspace, NETWORK_FILES[0]), workspace / "network"
    target.mkdir()
    for name in NETWORK_FILES:
        if not (found / name).is_file():
            raise DeployError(f"{source.name} holds no {name} beside its {NETWORK_FILES[0]}.")
        shutil.copyfile(found / name, target / name)
    return target


def _find_one(source: Path, workspace: Path, name: str) -> Path:
    folder = source
    if source.is_file():
        folder = workspace / "unpacked"
        folder.mkdir()
        unpack(source, folder)
    refuse(unsafe_files(folder))
    found = sorted(path.parent for path in folder.rglob(name))
    if len(found) != 1:
        text = f"{source.name} must hold exactly one {name}, it holds {len(found)}"
        raise DeployError(f"{text}; with another preset, name a model folder with --model.")
    return found[0]


def refuse(problems: list[str]) -> None:
    if problems:
        raise DeployError(f"The model is not safe to open: {'; '.join(problems)}.")


def fetch(uri: str, s3: S3Client, target: Path) -> Path:
    """Download s3://bucket/key and return `target`. Raises DeployError when it is too large."""
    bucket, _, key = uri.removeprefix(S3_PREFIX).partition("/")
    size = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    if size > MAX_UNPACKED_BYTES:
        raise DeployError(f"{uri} has {size:,} bytes; at most {MAX_UNPACKED_BYTES:,} are taken.")
    s3.download_file(bucket, key, str(target))
    return target


def unsafe_files(folder: Path) -> list[str]:
    """Return links, pickles and Keras Lambda layers: each can run or reach anything."""
    problems, runs_code = [], "which runs code when it is read"
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            problems.append(f"{path.name} is a link")
        elif path.is_file() and is_pickle(path):
            problems.append(f"{path.name} is a pickle, {runs_code}")
        elif path.is_file() and has_lambda_layer(path):
            problems.append(f"{path.name} has a Keras Lambda layer, {runs_code}")
    return problems


def is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix.lower() in PICKLE_SUFFIXES or bool(PICKLE_START.match(file.read(2)))


def has_lambda_layer(path: Path) -> bool:
    if path.suffix.lower() == ".keras" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as model, model.open("config.json") as config:
            return bool(LAMBDA_LAYER.search(config.read(MAX_UNPACKED_BYTES)))
    return path.suffix.lower() in LAYER_FILES and bool(LAMBDA_LAYER.search(path.read_bytes()))


def unexpected_files(saved_model: Path) -> list[str]:
    """Return the files that TensorFlow never writes: they would travel to AWS unseen."""
    paths = (path for path in sorted(saved_model.rglob("*")) if path.is_file())
    names = (path.relative_to(saved_model).as_posix() for path in paths)
    unknown = (name for name in names if not ALLOWED.fullmatch(name))
    return [f"{name} does not belong in a SavedModel" for name in unknown]
