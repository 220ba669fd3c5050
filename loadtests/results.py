"""Write a measurement down: the numbers, the machine, and the command that made them."""

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """Say what was measured on: the share of its cores that others used, too."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def write(name: str, result: dict[str, Any]) -> Path:
    """Write results/NAME.json."""
    FOLDER.mkdir(exist_ok=True)
    arguments = " ".join(sys.argv[1:])
    head = {
        "command": f"python -m loadtests.{Path(sys.argv[0]).stem} {arguments}".strip(),
        "date": time.strftime("%F"),
    }
    target = FOLDER / f"{name}.json"
    target.write_text(json.dumps(head | result, indent=1) + "\n", "utf-8")
    return target


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of all are at most, such as 0.5 for the median."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(milliseconds: list[float]) -> dict[str, float]:
    """Latencies as the report gives them."""
    shares = {"min": 0.0, "median": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(quantile(milliseconds, share), 1) for name, share in shares.items()}
