"""The report's load tests with its own tool: `make artillery` (report, 5.1 and 5.2).

Runs scaling.yml and constant.yml with Artillery, which npx installs (460 MB, its version is here),
against the app on this machine or, with --stage, the API of a stage on AWS. --seconds shortens each
phase; without it they take 32 and 83 minutes. Exit status 1 unless every answer was a 200.
"""

import argparse
import json
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from loadtests import app, clips, results
from loadtests.plans import REPORT, shortened

# Runs on Node 18 to 22; 2.0.22 and newer ask for newer ones.
ARTILLERY = ["npx", "--yes", "artillery@2.0.21"]
# Scenario -> the plan that it is.
SCENARIOS = {"scaling": "test1", "constant": "test2"}
SAMPLE_SECONDS = 5.0


@dataclass
class Processor:
    """The app's use of the processor, in per cent of a core, at times in seconds since 1970."""

    running: app.App
    samples: list[tuple[float, float]] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Sample until `stop`."""
        before, last = app.processor_seconds(self.running), time.time()
        while not self._done.wait(SAMPLE_SECONDS):
            used, now = app.processor_seconds(self.running), time.time()
            self.samples.append((now, 100 * (used - before) / (now - last)))
            before, last = used, now

    def stop(self) -> None:
        self._done.set()


def run(scenario: str, environment: str, url: str, *, seconds: float | None) -> dict[str, Any]:
    """Run a scenario to its end; return Artillery's own report, with whether all was as ensured."""
    with tempfile.TemporaryDirectory() as folder:
        body, report = Path(folder, "body.json"), Path(folder, "report.json")
        body.write_bytes(app.classify_body(clips.mp3()))
        phases = [
            {"duration": one.seconds, "arrivalRate": one.rate}
            for one in shortened(SCENARIOS[scenario], seconds)
        ]
        command = [*ARTILLERY, "run", "--environment", environment, "--output", str(report)]
        command += ["--overrides", json.dumps({"config": {"phases": phases}})]
        settings = {"API_URL": url, "BODY": str(body), "ARTILLERY_DISABLE_TELEMETRY": "true"}
        file = Path(__file__).parent / f"{scenario}.yml"
        done = subprocess.run([*command, str(file)], env=os.environ | settings, check=False)
        found: dict[str, Any] = json.loads(report.read_text())
    return found | {"ensured": done.returncode == 0}


def run_here(scenario: str, seconds: float | None) -> tuple[dict[str, Any], Processor]:
    """Run a scenario against the app on this machine, and watch its processor."""
    with app.started() as running:
        processor = Processor(running)
        watcher = threading.Thread(target=processor.watch)
        watcher.start()
        try:
            return run(scenario, "local", running.api_url, seconds=seconds), processor
        finally:
            processor.stop()
            watcher.join()


def summarise(
    report: dict[str, Any], seconds: float | None, processor: Processor | None = None
) -> dict[str, Any]:
    """Return the statuses, the latencies, and both for each period of 10 s.

    All times are in seconds since the first request; npx needs a minute before it.
    """
    whole, samples = report["aggregate"], processor.samples if processor else []
    began = min(int(one["period"]) for one in report["intermediate"])
    return {
        "phases_at_most_seconds": seconds,
        "ensured": report["ensured"],
        "requests": whole["counters"]["http.requests"],
        "statuses": statuses(whole["counters"]),
        "latency_ms": latencies(whole),
        "periods": [
            {
                "seconds": (int(one["period"]) - began) / 1_000,
                "requests": one["counters"].get("http.requests", 0),
                "latency_ms": latencies(one),
            }
            for one in report["intermediate"]
        ],
        "processor_percent": [
            (at - began / 1_000, share) for at, share in samples if at >= began / 1_000
        ],
    }


def statuses(counters: dict[str, int]) -> dict[str, int]:
    """Return how often each status, or each error without one, came."""
    starts = ("http.codes.", "errors.")
    return {
        name.removeprefix("http.codes.").removeprefix("errors."): count
        for name, count in counters.items()
        if name.startswith(starts)
    }


def latencies(part: dict[str, Any]) -> dict[str, float]:
    found = part.get("summaries", {}).get("http.response_time", {})
    return {name: found[name] for name in ("min", "median", "p95", "p99", "max") if name in found}


def draw(row: dict[str, Any], target: Path) -> None:
    """Draw processor and requests over time, as the report's Figures 6 and 7, and the latency."""
    processor = row["processor_percent"]
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 6), sharex=True, layout="constrained")
    if processor:
        above.plot([at / 60 for at, _ in processor], [share for _, share in processor])
    periods = [one for one in row["periods"] if one["latency_ms"]]
    minutes = [one["seconds"] / 60 for one in periods]
    rates = above.twinx()
    rates.step(minutes, [one["requests"] / 10 for one in periods], color="tab:purple", where="post")
    rates.set_ylabel("requests a second (purple)")
    above.set_ylabel("% of a core (blue)")
    for name in ("median", "p95"):
        below.plot(minutes, [one["latency_ms"][name] for one in periods], label=name)
    below.axhline(
        row["report"]["median"], color="grey", linestyle="--", label="the report's median"
    )
    below.set(xlabel="minutes", ylabel="milliseconds", yscale="log")
    below.legend()
    figure.savefig(target, dpi=120)
    plt.close(figure)


def main(argv: list[str] | None = None) -> int:
    """Run the scenarios, write artillery-NAME.json and .png; return 1 unless all were 200."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.artillery", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS))
    parser.add_argument("--seconds", type=float, help="longest length of a phase")
    parser.add_argument(
        "--stage", metavar="URL", help="of a stage's API; otherwise of the app here"
    )
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
    failed = 0
    for name in options.scenarios:
        head = {"machine": results.machine(), "report": REPORT[SCENARIOS[name]]}
        processor = None
        if options.stage:
            report = run(name, "stage", options.stage, seconds=options.seconds)
        else:
            report, processor = run_here(name, options.seconds)
        row = head | summarise(report, options.seconds, processor)
        target = results.write(f"artillery-{name}", row, options.folder)
        draw(row, target.with_suffix(".png"))
        print(name, row["statuses"], row["latency_ms"])
        failed += not row["ensured"]
    return min(failed, 1)


if __name__ == "__main__":
    app.run_cli(main)
