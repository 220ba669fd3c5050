"""Find the SavedModel in what was given (a folder, a model.tar.gz, s3://...), and refuse files that could run code."""

import re
import zipfile
from pathlib import Path
from typing import Any

from infra.endpoint.model_archive import MAX_UNPACKED_BYTES, unpack
from infra.errors import DeployError

S3_PREFIX = "s3://"
ALLOWED = re.compile(
    r"saved_model\.pb|fingerprint\.pb|keras_metadata\.pb|variables/variables\.(index|data-\d{5}-of-\d{5})|assets/[^/]+"
)
PICKLE_SUFFIXES = {".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".npy", ".npz"}
# Protocols 2 to 5 start with the opcode PROTO and the protocol's number; older ones have no mark.
PICKLE_START = re.compile(rb"\x80[\x02-\x05]")
# What Keras writes, as JSON, into keras_metadata.pb, .keras and .h5: a Lambda layer carries Python byte code.
LAMBDA_LAYER = re.compile(rb'"class_name"\s*:\s*"Lambda"')
LAYER_FILES = {".pb", ".h5", ".hdf5", ".json"}


def obtain(given: str, s3: Any, workspace: Path) -> Path:
    """Return the folder or the archive on this machine; s3://bucket/key is fetched into `workspace`."""
    path = (
        fetch(given, s3, workspace / "model.tar.gz") if given.startswith(S3_PREFIX) else Path(given)
    )
    if not path.exists():
        raise DeployError(f"There is no model at {given}.")
    return path


def find_saved_model(source: Path, workspace: Path) -> Path:
    """Return the folder with saved_model.pb; an archive is unpacked under the folder `workspace`.

    Raises DeployError when there is none, when there are several, or when the artefact is not safe to open.
    """
    folder = source
    if source.is_file():
        folder = workspace / "unpacked"
        folder.mkdir()
        unpack(source, folder)
    refuse(unsafe_files(folder))
    found = sorted(path.parent for path in folder.rglob("saved_model.pb"))
    if len(found) != 1:
        raise DeployError(
            f"{source.name} must hold exactly one saved_model.pb, it holds {len(found)}."
        )
    refuse(unexpected_files(found[0]))
    return found[0]


def refuse(problems: list[str]) -> None:
    """Raise DeployError with all problems, if there are any."""
    if problems:
        raise DeployError(f"The model is not safe to open: {'; '.join(problems)}.")


def fetch(uri: str, s3: Any, target: Path) -> Path:
    """Download s3://bucket/key to `target`. Raises DeployError when it is too large."""
    bucket, _, key = uri.removeprefix(S3_PREFIX).partition("/")
    size = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    if size > MAX_UNPACKED_BYTES:
        raise DeployError(f"{uri} has {size:,} bytes; at most {MAX_UNPACKED_BYTES:,} are taken.")
    s3.download_file(bucket, key, str(target))
    return target


def unsafe_files(folder: Path) -> list[str]:
    """List links, pickles and Keras Lambda layers anywhere in the artefact: each can run or reach anything."""
    problems = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            problems.append(f"{path.name} is a link")
        elif path.is_file() and is_pickle(path):
            problems.append(f"{path.name} is a pickle, which runs code when it is read")
        elif path.is_file() and has_lambda_layer(path):
            problems.append(
                f"{path.name} has a Keras Lambda layer, which runs code when it is read"
            )
    return problems


def is_pickle(path: Path) -> bool:
    """Tell by name or by the first two bytes."""
    with path.open("rb") as file:
        return path.suffix.lower() in PICKLE_SUFFIXES or bool(PICKLE_START.match(file.read(2)))


def has_lambda_layer(path: Path) -> bool:
    """Look for a Lambda layer in a SavedModel's, a .keras or a .h5 file."""
    if path.suffix.lower() == ".keras" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as model, model.open("config.json") as config:
            return bool(LAMBDA_LAYER.search(config.read(MAX_UNPACKED_BYTES)))
    return path.suffix.lower() in LAYER_FILES and bool(LAMBDA_LAYER.search(path.read_bytes()))


def unexpected_files(saved_model: Path) -> list[str]:
    """List the files that TensorFlow never writes into a SavedModel: they would travel to AWS unseen."""
    names = (
        path.relative_to(saved_model).as_posix()
        for path in sorted(saved_model.rglob("*"))
        if path.is_file()
    )
    return [
        f"{name} does not belong in a SavedModel" for name in names if not ALLOWED.fullmatch(name)
    ]
