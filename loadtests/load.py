"""The report's load tests, and 16 clients at once, against the app on this machine: `make load`.

Requests of test1 and test2 leave at their time, answered or not, each on a connection of its own,
as artillery sends them. 18,120 requests in 32 minutes, or 100,000 in 83, are shortened by
--seconds; the rates stay.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from tqdm import tqdm

from loadtests import app, clips, results
from loadtests.plans import CLIENT_REQUESTS, CLIENTS, REPORT, Phase, shortened

# More than can be under way at 20/s when each waits for its limit of 29 s.
MOST_AT_ONCE = 600
DEFAULT_SECONDS = 60.0


@dataclass(frozen=True)
class Sample:
    """One request: when it left (seconds since the start), at which rate, and what came back."""

    start: float
    rate: float
    answer: app.Answer


def run_phases(url: str, body: bytes, phases: list[Phase]) -> list[Sample]:
    """Send each phase's requests at their times; wait for all answers at the end."""
    futures: list[Future[Sample]] = []
    began = time.perf_counter()
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        for offset, start, rate in tqdm(list(schedule(phases)), unit="request"):
            time.sleep(max(0.0, began + offset + start - time.perf_counter()))
            futures.append(pool.submit(_one, url, body, offset + start, rate))
    return [future.result() for future in futures]


def schedule(phases: list[Phase]) -> Iterable[tuple[float, float, float]]:
    """Yield for every request when its phase began, when it leaves after that, and the rate."""
    offset = 0.0
    for phase in phases:
        for start in phase.starts():
            yield offset, start, phase.rate
        offset += phase.seconds


def run_clients(url: str, body: bytes, *, clients: int, requests: int) -> list[Sample]:
    """Let clients send at once, each again as soon as it has its response."""
    began = time.perf_counter()

    def ask(_number: int) -> Sample:
        return _one(url, body, time.perf_counter() - began, clients)

    with ThreadPoolExecutor(clients) as pool:
        return list(tqdm(pool.map(ask, range(requests)), total=requests, unit="request"))


def _one(url: str, body: bytes, start: float, rate: float) -> Sample:
    connection = app.connect(url)
    try:
        return Sample(start, rate, app.classify(connection, body))
    finally:
        connection.close()


def summarise(samples: list[Sample]) -> dict[str, Any]:
    """Return statuses and latencies in milliseconds: of all, and of each rate."""
    by_rate: dict[float, list[Sample]] = {}
    for sample in samples:
        by_rate.setdefault(sample.rate, []).append(sample)
    return _row(samples) | {"by_rate": {f"{rate:g}": _row(some) for rate, some in by_rate.items()}}


def _row(samples: list[Sample]) -> dict[str, Any]:
    statuses = Counter(str(sample.answer.status) for sample in samples)
    latency = results.summary([sample.answer.milliseconds for sample in samples])
    return {"requests": len(samples), "statuses": dict(statuses), "latency_ms": latency}


def draw(samples: list[Sample], title: str, target: Path) -> None:
    """Draw each request's latency over the time of the test."""
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    for good, color in ((True, "tab:blue"), (False, "tab:red")):
        some = [sample for sample in samples if (sample.answer.status == 200) == good]
        label = f"{len(some)} answered 200" if good else f"{len(some)} others"
        starts, latencies = [one.start for one in some], [one.answer.milliseconds for one in some]
        axes.scatter(starts, latencies, s=5, color=color, label=label)
    axes.set(
        xlabel="seconds since the start",
        ylabel="milliseconds to the answer",
        title=title,
        yscale="log",
    )
    axes.legend()
    figure.savefig(target, dpi=120)
    plt.close(figure)


def run(name: str, body: bytes, seconds: float | None, url: str) -> list[Sample]:
    """Run one of the tests by its name."""
    if name == "clients":
        return run_clients(url, body, clients=CLIENTS, requests=CLIENT_REQUESTS)
    return run_phases(url, body, shortened(name, seconds))


def main(argv: list[str] | None = None) -> int:
    """Run the chosen tests, write NAME.json and NAME.png; return 1 unless all were 200."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.load", description=__doc__)
    parser.add_argument(
        "tests", nargs="*", default=["clients", "test1", "test2"], help="clients, test1, test2"
    )
    parser.add_argument(
        "--seconds", type=float, default=DEFAULT_SECONDS, help="longest length of a phase (60)"
    )
    parser.add_argument("--url", help="of a running API; otherwise the app is started")
    parser.add_argument(
        "--recording", type=Path, help="take the first 5 s of this file, not a made-up song"
    )
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
    body = app.classify_body(clips.mp3(options.recording))
    failed = 0
    for name in options.tests:
        head = {"machine": results.machine(), "report": REPORT.get(name, {})}
        samples = app.on_app(options.url, partial(run, name, body, options.seconds))
        row = summarise(samples)
        target = results.write(name, head | row, options.folder)
        draw(samples, name, target.with_suffix(".png"))
        print(name, row["statuses"], row["latency_ms"])
        failed += row["statuses"].get("200", 0) < row["requests"]
    return min(failed, 1)


if __name__ == "__main__":
    app.run_cli(main)
