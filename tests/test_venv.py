"""Virtual environments are made once, from lock files, and again only when they must be."""

import subprocess
from pathlib import Path

import pytest

from local import venv
from training.jobs.source_folder import REPOSITORY


class Installs:
    """An environment to be made by commands that are only noted."""

    def __init__(self, root):
        self.folder, self.requirements = root / "made", root / "requirements.txt"
        self.commands, self.failing = [], set()

    @property
    def programs(self):
        """What made an environment: `venv`, `uv` or `pip`."""
        return [_program(command) for command in self.commands]

    def run(self, command):
        self.commands.append(command)
        if _program(command) in self.failing:
            raise subprocess.CalledProcessError(2, command)
        if "venv" in command:
            (command[-1] / "bin").mkdir(parents=True, exist_ok=True)
            (command[-1] / "bin" / "python").touch()

    def ensure(self):
        venv.ensure(self.folder, self.requirements)


def _program(command):
    return "uv" if Path(command[0]).name == "uv" else command[2]


@pytest.fixture
def installs(tmp_path, monkeypatch):
    """Installs where uv stands ready."""
    made = Installs(tmp_path)
    made.requirements.write_text("one==1\n")
    monkeypatch.setattr(venv, "UV", tmp_path / "uv")
    monkeypatch.setattr(venv, "UV_REQUIREMENTS", tmp_path / "requirements-uv.txt")
    venv.UV_REQUIREMENTS.write_text("uv==1\n")
    monkeypatch.setattr(venv, "_run", made.run)
    venv.ensure(venv.UV, venv.UV_REQUIREMENTS)
    assert made.programs == ["venv", "pip"]
    made.commands.clear()
    return made


def test_a_half_made_environment_is_made_anew_and_then_left_alone(installs):
    (installs.folder / "bin").mkdir(parents=True)
    installs.ensure()
    installs.ensure()
    assert installs.programs == ["venv", "uv"]


def test_an_environment_of_older_requirements_is_brought_up_to_date(installs):
    installs.ensure()
    installs.requirements.write_text("one==2\n")
    installs.ensure()
    assert installs.programs == ["venv", "uv", "uv"]


def test_uv_is_made_where_it_is_missing(installs):
    (venv.UV / venv.STAMP).unlink()
    installs.ensure()
    assert installs.programs == ["venv", "venv", "pip", "uv"]


def test_pip_installs_what_uv_cannot(installs):
    installs.failing = {"uv"}
    installs.ensure()
    installs.ensure()
    assert installs.programs == ["venv", "uv", "pip"]


def test_what_neither_can_install_is_said_in_one_line_and_tried_again(installs, capsys):
    installs.failing = {"uv", "pip"}
    assert venv.main([str(installs.folder), str(installs.requirements)]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("Could not set up")
    installs.failing = set()
    installs.ensure()
    assert installs.programs[-1] == "uv"


def test_ffmpeg_of_the_package_is_linked_beside_python(installs):
    program = installs.folder / "lib/python3.11/site-packages/imageio_ffmpeg/binaries/ffmpeg-linux"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    installs.ensure()
    assert (installs.folder / "bin" / "ffmpeg").resolve() == program


def test_what_warns_when_it_is_compiled_is_compiled_at_once(installs):
    package = installs.folder / "lib/python3.11/site-packages/pydub"
    package.mkdir(parents=True)
    installs.ensure()
    assert installs.commands[-1][-2:] == ["-q", package]


@pytest.mark.parametrize("failing", [set(), {"uv"}])
def test_nothing_is_taken_without_a_hash(installs, failing):
    installs.failing = failing
    installs.ensure()
    assert "--require-hashes" in installs.commands[-1]
    assert installs.requirements in installs.commands[-1]


def test_an_interrupted_installation_ends_without_a_traceback(installs, monkeypatch):
    def interrupt(_command):
        raise KeyboardInterrupt

    monkeypatch.setattr(venv, "_run", interrupt)
    assert venv.main([str(installs.folder), str(installs.requirements)]) == 130


def test_what_is_imported_is_compiled_once(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    command = ["make", "--silent", "--eval", "show:; @env", "show"]
    shown = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    assert "PYTHONDONTWRITEBYTECODE" not in shown.stdout
