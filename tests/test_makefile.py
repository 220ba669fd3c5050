"""The targets of make: which environment each takes, and one sentence for what is missing."""

import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


def make(*arguments):
    # What a surrounding `make test` tells its children would change what this one prints.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments],
        cwd=REPOSITORY,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["run"], ".venv-run"),
        (["evaluate", "RECORDINGS=x"], ".venv-measure"),
        (["load"], ".venv-measure"),
        (["artillery"], ".venv-measure"),
        (["baseline"], ".venv"),
        (["crowd"], ".venv-measure"),
        (["day"], ".venv-measure"),
        (["power-tuning"], ".venv-measure"),
        (["bench"], ".venv-measure"),
        (["bench-page"], ".venv-measure"),
        (["status"], ".venv-deploy"),
        (["destroy"], ".venv-deploy"),
        (["deploy", "ARGS=--stage prod --dry-run"], ".venv-deploy"),
        (["deploy"], ".venv"),
        (["test"], ".venv"),
    ],
)
def test_a_target_installs_no_more_than_it_needs(arguments, environment):
    assert f"exec {environment}/bin/python" in make("--dry-run", *arguments).stdout


@pytest.mark.parametrize("target", ["train", "evaluate"])
def test_without_recordings_a_target_asks_for_them(target):
    done = make(target)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"Name the folder of the recordings: make {target} RECORDINGS=DIR"
    )


@pytest.mark.parametrize(
    "target",
    ["load", "artillery", "baseline", "crowd", "day", "power-tuning", "bench", "bench-page"],
)
def test_a_measurement_is_kept_only_when_that_is_asked(target):
    assert "--keep" not in make("--dry-run", target).stdout
    assert "--keep" in make("--dry-run", target, "KEEP=1").stdout


@pytest.mark.parametrize(
    ("arguments", "measured"), [([], True), (["ARGS=tests/test_wav.py"], False)]
)
def test_coverage_is_measured_over_all_tests_or_not_at_all(arguments, measured):
    assert ("--cov" in make("--dry-run", "test", *arguments).stdout) == measured
