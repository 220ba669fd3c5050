"""A checked model: its archive, its digest, and what it answered here."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra import config
from infra.endpoint.checks import Clip, problems_of_facts
from infra.endpoint.model_archive import pack, sha256
from infra.endpoint.model_source import find_network, find_saved_model, obtain
from infra.endpoint.presets import Function, Hosting
from infra.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Only TensorFlow's own import is slow on a busy machine; the model's processor time is limited
# on its own.
PROBE_SECONDS = 600
DIGEST_CHARACTERS = 12


@dataclass(frozen=True)
class CheckedModel:
    """A model that passed every check: model.tar.gz as bytes, and its `outputs` for the clip."""

    archive: bytes = field(repr=False)
    clip: Clip = field(repr=False)
    reference: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        species = len(self.reference["labels"])
        return f"version {self.version}, {species} species, sha256 {self.sha256}"

    @property
    def sha256(self) -> str:
        return sha256(self.archive)

    @property
    def key(self) -> str:
        """The archive's name in the bucket; equal models have equal keys."""
        return f"models/{self.sha256[:DIGEST_CHARACTERS]}/model.tar.gz"

    @property
    def version(self) -> str:
        return str(json.loads(self.reference["settings"])["version"])


def check_model(
    given: str, clip: Clip, hosting: Hosting, *, s3: S3Client, expected_sha256: str | None = None
) -> CheckedModel:
    """Open, check and pack a model: a folder, a model.tar.gz or s3://bucket/key.

    What `hosting` needs of it is taken: a SavedModel, or the LiteRT network. `expected_sha256` is
    that of the given archive, or, for a folder, of the archive that is packed from it. Raises
    DeployError with every problem that was found.
    """
    with tempfile.TemporaryDirectory() as workspace:
        source = obtain(given, s3, Path(workspace))
        if source.is_file():
            refuse_other(source.read_bytes(), expected_sha256)
        find = find_network if isinstance(hosting, Function) else find_saved_model
        model = find(source, Path(workspace))
        archive = pack(model)
        if source.is_dir():
            refuse_other(archive, expected_sha256)
        facts = probe(model, clip, Path(workspace))
    problems = problems_of_facts(facts, clip)
    if problems:
        raise DeployError(f"{given} is not fit to serve: {'; '.join(problems)}.")
    return CheckedModel(archive, clip, facts["answer"])


def refuse_other(archive: bytes, expected_sha256: str | None) -> None:
    if expected_sha256 not in (None, sha256(archive)):
        found = sha256(archive)
        raise DeployError(f"The model's sha256 is {found}, expected was {expected_sha256}.")


def probe(model: Path, clip: Clip, workspace: Path) -> dict[str, Any]:
    """Let the model answer in a child process without this one's environment; return the facts.

    Raises DeployError if it dies.
    """
    windows = workspace / "windows.txt"
    windows.write_text("\n".join(base64.b64encode(window).decode() for window in clip.windows))
    module = [sys.executable, "-m", "infra.endpoint.probe"]
    try:
        done = subprocess.run(
            [*module, str(model.resolve()), str(windows)],
            cwd=config.ROOT,
            env=bare_environment(workspace),
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeployError(f"The model did not answer within {PROBE_SECONDS} s.") from error
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise DeployError(f"The model cannot be loaded (exit status {done.returncode}): {last[0]}")
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def bare_environment(home: Path) -> dict[str, str]:
    """Return the child's environment: no credentials, no graphics card, no byte code files."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
