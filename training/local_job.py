"""The training job on this machine: the folders, files and SM_* variables of SageMaker, and train.py in them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from training.job import CHANNEL
from training.source_folder import ENTRY_SCRIPT, assemble

HOST = "algo-1"


def run(root: Path, data: Path, hyperparameters: Mapping[str, str | int | float], flags: list[str]) -> int:
    """Train on the dataset folder `data` below `root`, which stands for /opt/ml; answer the exit code.

    The model is in `root`/model. Checkpoints stay in `root`/checkpoints, so a second run goes on.
    """
    code = root / "input" / "data" / "code"
    assemble(code)
    environment = prepare(root, data, hyperparameters)
    words = [word for name, value in hyperparameters.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, ENTRY_SCRIPT, *words, *flags, "--checkpoint-dir", str(root / "checkpoints")]
    return subprocess.run(command, cwd=code, env=environment, check=False).returncode


def prepare(root: Path, data: Path, hyperparameters: Mapping[str, str | int | float]) -> dict[str, str]:
    """Make the folders and configuration files; answer the environment of the container."""
    channel = root / "input" / "data" / CHANNEL
    for folder in (channel.parent, root / "input" / "config", root / "model", root / "checkpoints", root / "output"):
        folder.mkdir(parents=True, exist_ok=True)
    channel.unlink(missing_ok=True)
    channel.symlink_to(data.resolve(), target_is_directory=True)
    strings = {name: str(value) for name, value in hyperparameters.items()}
    configuration = {
        "hyperparameters.json": strings,
        "resourceconfig.json": {"current_host": HOST, "hosts": [HOST], "network_interface_name": "lo"},
        "inputdataconfig.json": {CHANNEL: {"TrainingInputMode": "File"}},
    }
    for name, content in configuration.items():
        (root / "input" / "config" / name).write_text(json.dumps(content), encoding="utf-8")
    return _environment(root, hyperparameters)


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
        "SM_HOSTS": json.dumps([HOST]),
        "SM_CURRENT_HOST": HOST,
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": "0",
    }
