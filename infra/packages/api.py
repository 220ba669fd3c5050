"""birdapp as Chalice packages it, from a clean copy, with what template.py adds."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra import config
from infra.errors import DeployError, in_a_sentence
from infra.packages import layer, wheels, zips
from infra.stacks import api

BUILD = config.ROOT / "build" / "packages"
NOT_COPIED = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "requirements*.txt")
CHALICE = [sys.executable, "-c", "from chalice.cli import main; main()"]


def build(chosen: config.Settings, folder: Path = BUILD) -> api.Application:
    """Package birdapp for a stage. Raises DeployError with Chalice's own words where it fails."""
    with tempfile.TemporaryDirectory() as workspace:
        project, out = Path(workspace, "birdapp"), Path(workspace, "out")
        copy_project(project)
        additions = Path(workspace, "additions.json")
        additions.write_text(json.dumps(api.additions(chosen)))
        run_chalice(
            project,
            ["package", "--stage", chosen.stage, "--merge-template", str(additions), str(out)],
            chosen,
        )
        files = {
            name: data
            for name, data in zips.read(out / "deployment.zip").items()
            if wheels.is_shipped(name)
        }
        merged = json.loads((out / "sam.json").read_text())
    code = zips.pack(folder, chosen.function, files)
    return api.Application(code, layer.build(chosen.python, folder), merged)


def copy_project(target: Path) -> None:
    """Copy birdapp without what Chalice would pack by mistake, and without the requirements, which are in our layer."""
    shutil.copytree(config.BIRDAPP, target, ignore=NOT_COPIED)


def run_chalice(project: Path, arguments: list[str], chosen: config.Settings) -> str:
    """Run Chalice on a project, answer what it printed. Raises DeployError where it fails."""
    environment = os.environ | {"AWS_DEFAULT_REGION": chosen.region, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*CHALICE, *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeployError(
            f"chalice {arguments[0]} failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
        )
    return done.stdout


def main(argv: list[str] | None = None) -> int:
    """Package birdapp for a stage and say where it lies."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--python", help="the Python that runs in Lambda")
    given = parser.parse_args(argv)
    return in_a_sentence(
        lambda: _build_and_say(given.stage, {"python": given.python} if given.python else {})
    )


def _build_and_say(stage: str, changed: dict[str, str]) -> None:
    application = build(config.load(stage, **changed))
    print(application.code, application.layer, sep="\n")


if __name__ == "__main__":
    raise SystemExit(main())
