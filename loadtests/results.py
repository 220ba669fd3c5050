"""Write a measurement: the numbers, the machine, and the command that made them."""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

# Only what is kept goes into the repository.
FOLDER = Path(__file__).parent.parent / "build" / "loadtests"
KEPT = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """Return what was measured on, and how busy it was before."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def add_keep_option(parser: argparse.ArgumentParser) -> None:
    """Add --keep, which chooses the folder of the results."""
    parser.add_argument(
        "--keep",
        action="store_const",
        const=KEPT,
        default=FOLDER,
        dest="folder",
        help="write to loadtests/results/, not to build/loadtests/",
    )


def write(name: str, result: dict[str, Any], folder: Path) -> Path:
    """Write NAME.json into the folder; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = " ".join(sys.argv[1:])
    head = {
        "command": f"python -m loadtests.{Path(sys.argv[0]).stem} {arguments}".strip(),
        "date": time.strftime("%F"),
    }
    target = folder / f"{name}.json"
    target.write_text(json.dumps(head | result, indent=1) + "\n", "utf-8")
    return target


def quantile(values: list[float], share: float) -> float:
    """Return the value that `share` of all do not exceed, such as 0.5 for the median."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(milliseconds: list[float]) -> dict[str, float]:
    """Return the quantiles that the report gives of its latencies."""
    shares = {"min": 0.0, "median": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(quantile(milliseconds, share), 1) for name, share in shares.items()}
