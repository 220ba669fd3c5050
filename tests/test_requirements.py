"""The lock files: made from their inputs, a hash for each package, and nobody's addresses."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
# ministack and the SageMaker SDK pin other versions, so each has an environment of its own.
OF_THEIR_OWN = {"requirements-stack", "training/requirements-launch"}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def lock_sets():
    """Every input, without the container's own list, as a path without its suffix."""
    inputs = sorted(REPOSITORY.glob("*.in")) + sorted(REPOSITORY.glob("[bcst]*/requirements*.in"))
    return [str(path.relative_to(REPOSITORY).with_suffix("")) for path in inputs]


def read(name):
    return (REPOSITORY / name).read_text()


def pins(text):
    return {name.lower().replace("_", "-"): version for name, version in PIN.findall(text)}


@pytest.mark.parametrize("name", lock_sets())
def test_a_lock_file_holds_what_its_input_names(name):
    wanted = pins(read(f"{name}.in"))
    assert wanted
    assert wanted.items() <= pins(read(f"{name}.txt")).items()


@pytest.mark.parametrize("name", lock_sets())
def test_each_locked_package_has_a_hash(name):
    for entry in re.split(r"\n(?=[A-Za-z0-9])", read(f"{name}.txt"))[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]


@pytest.mark.parametrize("name", lock_sets())
def test_no_lock_file_names_an_address_or_a_path_of_a_machine(name):
    assert not re.search(r"://|index-url|find-links|(^|\s)/", read(f"{name}.txt"))


def test_what_several_sets_install_has_one_version():
    seen = {}
    for name in set(lock_sets()) - OF_THEIR_OWN:
        for package, version in pins(read(f"{name}.txt")).items():
            seen.setdefault(package, set()).add(version)
    assert {package: versions for package, versions in seen.items() if len(versions) > 1} == {}


def test_make_lock_writes_every_lock_file():
    recipe = read("Makefile").partition("LOCKED =")[2].partition("\nLOCK")[0]
    assert set(recipe.replace("\\", "").split()) == set(lock_sets())


@pytest.mark.parametrize("name", ["run", "measure", "deploy", "lock"])
def test_only_the_whole_environment_takes_tensorflow(name):
    locked = pins(read(f"requirements-{name}.txt"))
    assert not [package for package in locked if package.startswith(("tensorflow", "keras"))]


# Installed to run, to measure or to deploy the product, and of no use to a dry run.
ABSENT = {
    "chalice",
    "imageio_ffmpeg",
    "matplotlib",
    "numpy",
    "pydub",
    "scipy",
    "tensorflow",
    "tqdm",
}
DRY_RUN = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"requirements-deploy.txt has no {{name}}", name=name)

sys.meta_path.insert(0, Absent())
import deploy
sys.exit(deploy.main(["--dry-run"]))
"""


def test_a_dry_run_needs_no_more_than_its_own_packages():
    done = subprocess.run(
        [sys.executable, "-c", DRY_RUN], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "would be made" in done.stdout
