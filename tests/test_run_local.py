"""Starting, ending and guarding the local app."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from local_app import REPOSITORY, running, wait_for

from local import readiness, server


def alive(pids):
    """Those of the processes that run; one that ended and was not yet waited for does not."""
    return [
        pid
        for pid in pids
        if Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    ]


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def window():
    """An open window with Ctrl-C: what starts in the background, or under nohup, has neither."""
    hung_up = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGHUP, hung_up)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_no_child_outlives_the_app(tiny_folder, end, window):
    with running(tiny_folder) as local_app:
        children = children_of(local_app.process.pid)
        assert len(alive(children)) == 4
        local_app.process.send_signal(end)
        assert wait_for(lambda: not alive(children))


def catches_interrupts(pid):
    """Whether a process has a handler for SIGINT."""
    caught = re.search(r"SigCgt:\s+(\w+)", Path(f"/proc/{pid}/status").read_text())[1]
    return bool(int(caught, 16) >> (signal.SIGINT - 1) & 1)


def starts_without_handler(process, seconds=10):
    """Whether a starting app was seen without one: after Python's own, before that of main().

    Python's own lasts a hundredth of a second, the gap a tenth: whoever sleeps misses them.
    """
    end = time.monotonic() + seconds
    for caught in (False, True):
        while catches_interrupts(process.pid) is caught:
            if time.monotonic() > end:
                return False
    return True


@pytest.mark.parametrize("loading", [True, False], ids=["while it loads", "while it starts"])
def test_ctrl_c_prints_no_traceback(tiny_folder, loading, window):
    settings = {"API_PORT": "0", "SITE_PORT": "0", "MODEL_DIR": str(tiny_folder)}
    command = [sys.executable, REPOSITORY / "run_local.py"]
    pipe = subprocess.PIPE
    for _ in range(5):  # A busy machine may look too late.
        with subprocess.Popen(
            command, env=os.environ | settings, stdout=pipe, stderr=pipe
        ) as process:
            seen = starts_without_handler(process)
            assert loading or wait_for(lambda: catches_interrupts(process.pid))
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=60)
        if seen:
            break
    assert seen
    assert process.returncode in {0, -signal.SIGINT}
    assert (out, b"Traceback" in errors) == (b"", False)


def test_nohup_keeps_the_app_when_its_window_closes(tiny_folder):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # A child inherits what is ignored.
    try:
        with running(tiny_folder) as local_app:
            local_app.process.send_signal(signal.SIGHUP)
            assert local_app.classify(readiness.whistle())[0] == 200
            assert local_app.process.poll() is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_make_run_ends_all_when_make_alone_is_told_to(tiny_folder):
    settings = ["API_PORT=0", "SITE_PORT=0", f"MODEL_DIR={tiny_folder}", f"PYTHON={sys.executable}"]
    command = ["make", "run", *settings]
    # What a surrounding `make test` tells its children would make this one speak of folders.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=variables, stdout=subprocess.PIPE, text=True
    ) as make:
        assert make.stdout.readline().startswith("ready: http://127.0.0.1:")
        children = [
            child for parent in children_of(make.pid) for child in [parent, *children_of(parent)]
        ]
        make.terminate()
        assert wait_for(lambda: not alive(children))
        assert (len(children), make.stdout.read()) == (5, "")


def test_the_app_ends_when_a_part_ends(tiny_folder):
    with running(tiny_folder) as local_app:
        os.kill(children_of(local_app.process.pid)[0], signal.SIGKILL)
        assert local_app.process.wait(30) == 1
        assert "local.gateway has ended with status -9" in local_app.log.read_text()


def test_only_this_machine_can_reach_the_app(app):
    listening = re.compile(r"^ *\d+: (\w+):\w+ \w+:\w+ 0A (?:\S+ +){5}(\d+)", re.MULTILINE)
    owned = {link for child in children_of(app.process.pid) for link in links(child)}
    addresses = [
        address
        for table in ("tcp", "tcp6")
        for address, inode in listening.findall(Path(f"/proc/net/{table}").read_text())
        if f"socket:[{inode}]" in owned
    ]
    assert addresses == ["0100007F"] * 4


def links(pid):
    return [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]


def start_badly(**settings):
    """Start the app where it cannot; (status, what it says)."""
    variables = os.environ | {"API_PORT": "0", "SITE_PORT": "0"} | settings
    command = [sys.executable, REPOSITORY / "run_local.py"]
    done = subprocess.run(
        command, env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("variable", ["API_PORT", "SITE_PORT"])
def test_a_taken_port_is_named_in_one_sentence(tiny_folder, variable):
    with server.listen(0) as taken:
        port = str(taken.getsockname()[1])
        status, said = start_badly(MODEL_DIR=str(tiny_folder), **{variable: port})
    assert status == 1
    assert re.fullmatch(rf"Port {port} cannot be used .*: make run {variable}=.*\n", said)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"API_PORT": "many"}, "Port many cannot be used"),
        ({"RATE_PER_SECOND": "x"}, "RATE_PER_SECOND must be a number above 0, not 'x'"),
        ({"BURST": "nan"}, "BURST must be a number above 0, not 'nan'"),
        ({"FFMPEG_BINARY": "/nowhere/ffmpeg"}, "ffmpeg is missing or does not run"),
        (
            {"MODEL_DIR": "/nowhere"},
            "No model to serve: /nowhere holds no model.tflite and no constants.json",
        ),
    ],
)
def test_what_is_missing_is_named_in_one_sentence(settings, message):
    status, said = start_badly(**settings)
    assert status == 1
    assert message in said
    assert "Traceback" not in said
