"""birdapp as Chalice packages it, from a clean copy, with what infra/stacks/api.py adds."""

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
from infra.errors import DeployError
from infra.packages import layer, wheels, zips
from infra.stacks import api

NOT_COPIED = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "requirements*")
# Chalice's main() returns the exit status; without sys.exit a traceback would end with 0.
CHALICE = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]


@dataclass(frozen=True)
class Application:
    """The main Lambda's two packages, and Chalice's template, which does not name their place."""

    code: zips.Package
    layer: zips.Package
    template: dict[str, Any] = field(repr=False)

    def finished_template(self, settings: config.Settings, bucket: str) -> dict[str, Any]:
        """Return the template for CloudFormation, with both packages in `bucket`."""
        keys = {"code": self.code.key, "layer": self.layer.key}
        return api.finish(self.template, settings, bucket, **keys)


def build(settings: config.Settings, folder: Path = config.PACKAGES) -> Application:
    """Package birdapp for a stage. Raises DeployError with Chalice's own words where it fails."""
    template, files = package(settings)
    code = zips.pack(folder, settings.function, files)
    return Application(code, layer.build(settings.python, folder), template)


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
        files = {
            name: data
            for name, data in zips.read(out / "deployment.zip").items()
            if wheels.is_shipped(name)
        }
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
