"""Train several networks on one dataset for the same minutes, score each, and keep one row a run.

A row is written when its run ends; a second call goes on with the rows that are missing.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from training import evaluate
from training.scores import model_card, plots

REPOSITORY = Path(__file__).parent.parent
OUTPUT = Path(__file__).parent / "comparison"
RUNS = Path("build/comparison")
ROUNDS = 100
SCORES = ("top1", "top3", "macro_f1")
HEADER = """# Networks compared

The same recordings, the same parts, the same minutes; scores on the held-back part, 95 % intervals in brackets.
Each row was made by the command in `results.json`, which also says on how many cores; `python -m training.compare`
makes all.

| network | seed | minutes | windows seen | parameters | MAC | LiteRT ms a window | top-1 | top-3 | macro-F1 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def run(architecture: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Train and score one network. Raises CalledProcessError when the training fails."""
    model = RUNS / f"{architecture}-{seed}"
    command = [
        *(
            "python",
            "training/source_dir/train.py",
            "--data",
            str(options.dataset),
            "--model-dir",
            str(model),
        ),
        *(
            "--checkpoint-dir",
            str(RUNS / "checkpoints"),
            "--architecture",
            architecture,
            "--seed",
            str(seed),
        ),
        *("--epochs", "1000", "--minutes", f"{options.minutes:g}"),
    ]
    paths = os.environ | {"PYTHONPATH": "spectrogram_fn"}
    subprocess.run([sys.executable, *command[1:]], cwd=REPOSITORY, env=paths, check=True)
    model_card.write_manifest(options.dataset, model)
    scored = [
        "--recordings",
        str(options.recordings),
        "--model",
        str(model),
        "--output",
        str(model),
    ]
    if code := evaluate.main(scored):
        raise RuntimeError(f"{model}: the evaluation ended with {code}")
    training, evaluation = (
        model_card.read(model / name) for name in ("training.json", model_card.EVALUATION)
    )
    return {
        "architecture": architecture,
        "seed": seed,
        **{
            name: training[name]
            for name in ("minutes", "windows_seen", "parameters", "multiplications")
        },
        "litert_bytes": (model / "model.tflite").stat().st_size,
        "window_ms": window_ms(model / "model.tflite"),
        **{name: evaluation["listed"][name] for name in SCORES},
        "cores": len(os.sched_getaffinity(0)),
        "command": "PYTHONPATH=spectrogram_fn " + shlex.join(command),
    }


def window_ms(path: Path) -> float:
    """Time a LiteRT file on one thread: the median of one window's answer, in milliseconds."""
    runner = Interpreter(str(path), num_threads=1).get_signature_runner("serving_default")
    window = np.random.default_rng(0).integers(0, 256, (1, 216, 514)).astype(np.uint8)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        runner(spectrogram=window)
        times.append(time.perf_counter() - began)
    return round(1_000 * float(np.median(times)), 1)


def read(output: Path) -> list[dict[str, Any]]:
    """Read the rows that results.json holds; none where there is no file yet."""
    results = output / "results.json"
    return list(json.loads(results.read_text("utf-8"))) if results.exists() else []


def write(output: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write results.json, its table and its picture."""
    output.mkdir(parents=True, exist_ok=True)
    (output / "results.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    ordered = sorted(rows, key=lambda row: -row["macro_f1"]["value"])
    (output / "README.md").write_text(
        HEADER + "".join(map(_line, ordered)) + "\n![Macro-F1](results.png)\n", "utf-8"
    )
    plots.comparison(output / "results.png", ordered)


def _line(row: dict[str, Any]) -> str:
    numbers = f"{row['minutes']:.0f} | {row['windows_seen']:,} | {row['parameters']:,} | {row['multiplications']:,}"
    scored = " | ".join(model_card.value(row[name]) for name in SCORES)
    return (
        f"| {row['architecture']} | {row['seed']} | {numbers} | {row['window_ms']} | {scored} |\n"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run as a script; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.compare", description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, default=Path("build/dataset"))
    parser.add_argument(
        "--architectures", nargs="+", default=["default", "deep", "attention", "pooled", "report"]
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(argv)
    for seed in options.seeds:
        for architecture in options.architectures:
            if (architecture, seed) not in {
                (row["architecture"], row["seed"]) for row in read(options.output)
            }:
                found = run(architecture, seed, options)
                # Read anew after the run: another call may have added rows meanwhile.
                write(options.output, [*read(options.output), found])
    return 0


if __name__ == "__main__":
    sys.exit(main())
