"""Virtual environments are made once, from lock files, and again only when they must be."""

import pytest

from local import venv


@pytest.fixture
def installs(tmp_path, monkeypatch):
    """Ensure an environment where a run of `venv` or pip is only noted; (folder, file, notes)."""
    folder, requirements, notes = tmp_path / "made", tmp_path / "requirements.txt", []
    requirements.write_text("one==1\n")
    (folder / "bin").mkdir(parents=True)
    monkeypatch.setattr(
        venv, "_run", lambda command: notes.append("venv" if "venv" in command else "install")
    )
    return folder, requirements, notes


def test_a_half_made_environment_is_made_anew_and_then_left_alone(installs):
    folder, requirements, notes = installs
    venv.ensure(folder, requirements)
    (folder / "bin" / "python").touch()
    venv.ensure(folder, requirements)
    assert notes == ["venv", "install"]


def test_an_environment_of_older_requirements_is_brought_up_to_date(installs):
    folder, requirements, notes = installs
    (folder / "bin" / "python").touch()
    venv.ensure(folder, requirements)
    requirements.write_text("one==2\n")
    venv.ensure(folder, requirements)
    assert notes == ["venv", "install", "install"]


def test_ffmpeg_of_the_package_is_linked_beside_python(installs):
    folder, requirements, _ = installs
    program = folder / "lib/python3.11/site-packages/imageio_ffmpeg/binaries/ffmpeg-linux"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    venv.ensure(folder, requirements)
    assert (folder / "bin" / "ffmpeg").resolve() == program


def test_pip_takes_nothing_without_a_hash(installs, monkeypatch):
    folder, requirements, _ = installs
    commands = []
    monkeypatch.setattr(venv, "_run", commands.append)
    venv.ensure(folder, requirements)
    assert commands[-1][-3:] == ["--require-hashes", "--requirement", requirements]


def test_an_interrupted_installation_ends_without_a_traceback(installs, monkeypatch):
    folder, requirements, _ = installs

    def interrupt(_command):
        raise KeyboardInterrupt

    monkeypatch.setattr(venv, "_run", interrupt)
    assert venv.main([str(folder), str(requirements)]) == 130
