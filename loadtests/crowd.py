"""Five times as many requests as the app can answer: `make crowd`.

The saturated rate is what eight clients get, each of which asks again as soon as it has its
response. Then requests leave at five times that rate, answered or not. Both alternate, since the
machine may be busy with other things.
"""

import argparse
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from loadtests import app, clips, load, results
from loadtests.plans import Phase

SATURATING_CLIENTS = 8
TIMES = 5
LONE_REQUESTS = 5
LONG_SECONDS = 59
RECORDINGS: dict[str, Callable[[], bytes]] = {
    "wav": clips.wav,
    "mp3": clips.mp3,
    "long-mp3": lambda: clips.mp3(seconds=LONG_SECONDS),
}


def measure(running: app.App, body: bytes, *, seconds: float) -> dict[str, Any]:
    """Return the rates of 200s a second, saturated and in the crowd, and what else came back."""
    lone_before = lone(running.api_url, body)
    cpu = app.processor_seconds(running)
    saturated, count = saturated_rate(running.api_url, body, seconds)
    cpu_saturated = (app.processor_seconds(running) - cpu) / count
    offered = TIMES * saturated
    cpu, began = app.processor_seconds(running), time.perf_counter()
    samples = load.run_phases(running.api_url, body, [Phase(offered, seconds)])
    took = time.perf_counter() - began
    statuses = Counter(str(one.answer.status) for one in samples)
    good = statuses["200"] / took
    cpu_crowd = (app.processor_seconds(running) - cpu) / max(statuses["200"], 1)
    return {
        "saturated_per_second": round(saturated, 2),
        "offered_per_second": round(offered, 1),
        "answered_per_second": round(good, 2),
        "share": round(good / saturated, 3),
        "processor_ms": [round(1_000 * one, 1) for one in (cpu_saturated, cpu_crowd)],
        "statuses": dict(statuses),
        "lone_before_ms": round(lone_before, 1),
        "lone_after_ms": round(lone(running.api_url, body), 1),
        "gateway_peak_mb": peak_megabytes(running, "local.gateway"),
    }


def saturated_rate(url: str, body: bytes, seconds: float) -> tuple[float, int]:
    """Return the answers a second of clients that never pause, and their number."""
    end = time.perf_counter() + seconds
    finished: list[float] = []

    def ask() -> None:
        connection = app.connect(url)
        while time.perf_counter() < end:
            if app.classify(connection, body).status == 200:
                finished.append(time.perf_counter())
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(SATURATING_CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not finished:
        raise RuntimeError("the app answered none of the clients")
    return len(finished) / (max(finished) - began), len(finished)


def lone(url: str, body: bytes) -> float:
    """Return the median milliseconds of a client that is alone."""
    connection = app.connect(url)
    times = [app.classify(connection, body).milliseconds for _ in range(LONE_REQUESTS)]
    connection.close()
    return results.quantile(times, 0.5)


def peak_megabytes(running: app.App, module: str) -> float:
    """Return the most memory that a part of the app ever had."""
    status = (app.part(running, module) / "status").read_text()
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1_024, 1)


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write crowd.json."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.crowd", description=__doc__)
    parser.add_argument(
        "recordings", nargs="*", default=list(RECORDINGS), help=str(list(RECORDINGS))
    )
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=2)
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
    rows: dict[str, list[dict[str, Any]]] = {}
    for name in options.recordings:
        body = app.classify_body(RECORDINGS[name]())
        with app.started() as running:
            for _ in range(options.rounds):
                rows.setdefault(name, []).append(measure(running, body, seconds=options.seconds))
                print(name, rows[name][-1], flush=True)
    head = {"machine": results.machine(), "times": TIMES}
    results.write("crowd", head | {"recordings": rows}, options.folder)
    return 0


if __name__ == "__main__":
    app.run_cli(main)
