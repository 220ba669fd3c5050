"""The training job on this machine: SageMaker's folders, files and SM_* variables, and train.py.

Several instances are several processes, each with its own folders, that meet on loopback ports.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from training.jobs.job import CHANNEL
from training.jobs.source_folder import ENTRY_SCRIPT, assemble

ALONE = "algo-1"
POLL_SECONDS = 0.5
# Of an instance whose sibling failed: TensorFlow itself would notice minutes later.
END_SECONDS = 10


def run(
    roots: Sequence[Path],
    data: Path,
    hyperparameters: Mapping[str, str | int | float],
    flags: Sequence[str],
) -> int:
    """Train on the dataset folder `data`, an instance below each of `roots`, each its /opt/ml.

    Returns 0, or the exit status of the first instance that failed; the others are then ended. The
    model is in model/ of the first root. Checkpoints stay in its checkpoints/, so a second run goes
    on.
    """
    hosts = [ALONE] if len(roots) == 1 else [f"localhost:{port}" for port in free_ports(len(roots))]
    words = [word for name, value in hyperparameters.items() for word in (f"--{name}", str(value))]
    running = []
    for root, host in zip(roots, hosts, strict=True):
        code = root / "input" / "data" / "code"
        assemble(code)
        environment = prepare(root, data, hyperparameters, hosts=hosts, host=host)
        command = [
            sys.executable,
            ENTRY_SCRIPT,
            *words,
            *flags,
            "--checkpoint-dir",
            str(root / "checkpoints"),
        ]
        running.append(subprocess.Popen(command, cwd=code, env=environment))
    return _wait(running)


def _wait(running: Sequence["subprocess.Popen[bytes]"]) -> int:
    try:
        codes = [process.poll() for process in running]
        while None in codes and not any(codes):
            time.sleep(POLL_SECONDS)
            codes = [process.poll() for process in running]
        return next((code for code in codes if code), 0)
    finally:
        _end(running)


def _end(running: Sequence["subprocess.Popen[bytes]"]) -> None:
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    """Return so many different loopback ports that are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def prepare(
    root: Path,
    data: Path,
    hyperparameters: Mapping[str, str | int | float],
    *,
    hosts: Sequence[str],
    host: str,
) -> dict[str, str]:
    """Make the folders and configuration files; return the environment of the container."""
    channel = root / "input" / "data" / CHANNEL
    for folder in (
        channel.parent,
        root / "input" / "config",
        root / "model",
        root / "checkpoints",
        root / "output",
    ):
        folder.mkdir(parents=True, exist_ok=True)
    channel.unlink(missing_ok=True)
    channel.symlink_to(data.resolve(), target_is_directory=True)
    strings = {name: str(value) for name, value in hyperparameters.items()}
    configuration = {
        "hyperparameters.json": strings,
        "resourceconfig.json": {
            "current_host": host,
            "hosts": list(hosts),
            "network_interface_name": "lo",
        },
        "inputdataconfig.json": {CHANNEL: {"TrainingInputMode": "File"}},
    }
    for name, content in configuration.items():
        (root / "input" / "config" / name).write_text(json.dumps(content), encoding="utf-8")
    return _environment(root, hyperparameters) | {
        "SM_HOSTS": json.dumps(list(hosts)),
        "SM_CURRENT_HOST": host,
    }


def _environment(root: Path, hyperparameters: Mapping[str, str | int | float]) -> dict[str, str]:
    # Only what is in the folder may be imported: no PYTHONPATH of this machine.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return inherited | {
        f"SM_CHANNEL_{CHANNEL.upper()}": str(root / "input" / "data" / CHANNEL),
        "SM_CHANNELS": json.dumps([CHANNEL]),
        "SM_MODEL_DIR": str(root / "model"),
        "SM_OUTPUT_DATA_DIR": str(root / "output"),
        "SM_INPUT_CONFIG_DIR": str(root / "input" / "config"),
        "SM_HPS": json.dumps(dict(hyperparameters)),
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": "0",
    }
