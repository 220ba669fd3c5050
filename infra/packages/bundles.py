"""What is uploaded: the zips of spectrogram function and classifier, the main Lambda's two.

The layer holds a static ffmpeg as /opt/bin/ffmpeg, and pydub (report, 2.2); nothing in it depends
on the Python version. The spectrogram function has numpy and scipy in its zip, not in a layer,
which would count against the same 250 MB: one artefact that is tested as it runs.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra import config
from infra.alarms import Kind
from infra.errors import DeployError
from infra.packages import wheels, zips
from infra.stacks import api

SPECTROGRAM_FOLDER = config.ROOT / "spectrogram_fn"
CLASSIFIER_FOLDER = config.ROOT / "classifier_fn"
# What the CPU needs of LiteRT: a third of the wheel, and none of the packages that it names.
LITERT = {
    f"ai_edge_litert/{name}"
    for name in (
        *("__init__.py", "interpreter.py", "metrics_interface.py", "metrics_portable.py"),
        *("_pywrap_litert_interpreter_wrapper.so", "libpywrap_litert_common.so", "libLiteRt.so"),
    )
}
NUMPY = ("numpy/", "numpy.libs/")
# Lambda puts /opt/bin on the PATH and /opt/python on sys.path.
FFMPEG = "bin/ffmpeg"
FFMPEG_IN_WHEEL = "imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-"
NOT_COPIED = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "requirements*")
# Chalice's main() returns the exit status; without sys.exit a traceback would end with 0.
CHALICE = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]


def build_spectrogram(python: str) -> zips.Package:
    """Build the function's zip for `python` ("3.12"). Raises DeployError where a wheel is missing.

    The zip's name holds the Python, which decides on the compiled files.
    """
    files = _libraries(SPECTROGRAM_FOLDER, python) | _sources(SPECTROGRAM_FOLDER)
    return zips.pack(config.PACKAGES, f"spectrogram-{python}", files)


def build_classifier(python: str, model: dict[str, bytes]) -> zips.Package:
    """Build the classifier's zip with a model folder's files. Raises DeployError likewise."""
    found = _libraries(CLASSIFIER_FOLDER, python)
    files = {it: found[it] for it in found if it.startswith(NUMPY)} | {
        it: found[it] for it in LITERT
    }
    files |= _sources(CLASSIFIER_FOLDER) | {f"model/{it}": model[it] for it in model}
    return zips.pack(config.PACKAGES, f"classifier-{python}", files)


def _libraries(folder: Path, python: str) -> dict[str, bytes]:
    requirements = [folder / "requirements.txt"]
    return wheels.contents(wheels.download(requirements, python, config.PACKAGES))


def _sources(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("[a-z]*.py")}


def build_layer(python: str) -> zips.Package:
    """Build the layer. Raises DeployError where a wheel is missing or is not as expected."""
    names = ("requirements.txt", "requirements-layer.txt")
    requirements = [config.BIRDAPP / name for name in names]
    files = wheels.contents(wheels.download(requirements, python, config.PACKAGES))
    kept = (name for name in files if not name.startswith("imageio_ffmpeg"))
    layer = {f"python/{name}": files[name] for name in kept} | {FFMPEG: _ffmpeg(files)}
    return zips.pack(config.PACKAGES, "ffmpeg-layer", layer, frozenset({FFMPEG}))


def _ffmpeg(files: dict[str, bytes]) -> bytes:
    found = [data for name, data in files.items() if name.startswith(FFMPEG_IN_WHEEL)]
    if len(found) != 1:
        what = f"Expected one {FFMPEG_IN_WHEEL}* in imageio-ffmpeg's wheel"
        raise DeployError(f"{what}, found {len(found)}.")
    return found[0]


@dataclass(frozen=True)
class Application:
    """The main Lambda's two packages, and Chalice's template, which does not name their place."""

    code: zips.Package
    layer: zips.Package
    template: dict[str, Any] = field(repr=False)

    def finished_template(
        self, settings: config.Settings, bucket: str, kind: Kind
    ) -> dict[str, Any]:
        keys = {"code": self.code.key, "layer": self.layer.key}
        finished = api.finish(self.template, settings, bucket, **keys)
        return api.call_classifier(finished, settings) if kind == "function" else finished


def build_application(settings: config.Settings) -> Application:
    """Package birdapp for a stage. Raises DeployError with Chalice's own words where it fails."""
    template, files = package(settings)
    code = zips.pack(config.PACKAGES, settings.function, files)
    return Application(code, build_layer(settings.python), template)


def package(settings: config.Settings) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return Chalice's template with our additions, and the Lambda's files by name."""
    with tempfile.TemporaryDirectory() as workspace:
        project, out = Path(workspace, "birdapp"), Path(workspace, "out")
        copy_project(project)
        additions = Path(workspace, "additions.json")
        additions.write_text(json.dumps(api.additions(settings)))
        stage = ["--stage", settings.stage]
        arguments = ["package", *stage, "--merge-template", str(additions), str(out)]
        run_chalice(project, arguments, settings.region)
        packed = zips.read(out / "deployment.zip")
        files = {name: data for name, data in packed.items() if wheels.is_shipped(name)}
        merged = json.loads((out / "sam.json").read_text())
    return merged, files


def copy_project(target: Path) -> None:
    """Copy birdapp without what Chalice would pack by mistake.

    The requirements are left out too: they are in our layer.
    """
    shutil.copytree(config.BIRDAPP, target, ignore=NOT_COPIED)


def run_chalice(project: Path, arguments: list[str], region: str) -> None:
    """Run Chalice on a project. Raises DeployError with the last line of its error output."""
    environment = os.environ | {"AWS_DEFAULT_REGION": region, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*CHALICE, *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DeployError(f"chalice {arguments[0]} failed: {reason}")
