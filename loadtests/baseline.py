"""The report's own path against this one, on the same clip: `make baseline`.

Both run at once on this machine, and are asked in turn: one client, then as many as saturate them.
loadtests/report_parts.py replays the report's. It builds the report's network, with TensorFlow.
"""

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from tqdm import tqdm

from loadtests import app, clips, crowd, results

PATHS = ("report", "ours")
SATURATE_SECONDS = 10.0
START_SECONDS = 300
LOOPBACK = "127.0.0.1"


@contextmanager
def report_path() -> Iterator[str]:
    """Run the report's three parts until the block ends; yield the address of the first."""
    with ExitStack() as stack:
        urls: dict[str, str] = {}
        for role in ("spectrogram", "endpoint", "main"):
            listener = stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=512))
            urls[role] = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
            hops = {f"{name.upper()}_URL": url for name, url in urls.items()}
            number = str(listener.fileno())
            command = [sys.executable, "-m", "loadtests.report_parts", role, number]
            process = subprocess.Popen(command, pass_fds=[listener.fileno()], env=os.environ | hops)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        # Its network is built first, which may take longer than a client waits.
        with urlopen(Request(urls["main"], app.classify_body(clips.wav(1))), timeout=START_SECONDS):  # noqa: S310 (a loopback address of our own)
            yield urls["main"]


def compare(urls: dict[str, str], body: bytes, *, requests: int, rounds: int) -> dict[str, Any]:
    """Ask both in turn; return the latencies and rates of each, and how many times ours is better.

    Raises RuntimeError on any status but 200.
    """
    waits = ask_in_turn(urls, body, requests=requests)
    rates: dict[str, list[float]] = {name: [] for name in PATHS}
    for _ in range(rounds):
        for name in PATHS:
            rates[name].append(crowd.saturated_rate(urls[name], body, SATURATE_SECONDS)[0])
    medians = {name: results.quantile(waits[name], 0.5) for name in PATHS}
    best = {name: results.quantile(rates[name], 0.5) for name in PATHS}
    return {
        "latency_ms": {name: results.summary(waits[name]) for name in PATHS},
        "answers_per_second": {name: [round(one, 2) for one in rates[name]] for name in PATHS},
        "times_quicker": round(medians["report"] / medians["ours"], 1),
        "times_more_answers": round(best["ours"] / best["report"], 1),
    }


def ask_in_turn(urls: dict[str, str], body: bytes, *, requests: int) -> dict[str, list[float]]:
    """Return the milliseconds that each path takes, without the first request, which warms it up.

    Raises RuntimeError on any status but 200.
    """
    waits: dict[str, list[float]] = {name: [] for name in PATHS}
    with ExitStack() as stack:
        connections = {
            name: stack.enter_context(closing(app.connect(urls[name]))) for name in PATHS
        }
        for turn in tqdm(range(requests + 1), unit="pair"):
            for name in PATHS:
                answer = app.classify(connections[name], body)
                if answer.status != 200:
                    raise RuntimeError(f"{name}: expected 200, got {answer.status}")
                if turn:
                    waits[name].append(answer.milliseconds)
    return waits


def draw(row: dict[str, Any], target: Path) -> None:
    """Draw the median latency and the best rate of both."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.4), layout="constrained")
    left.barh(PATHS, [row["latency_ms"][name]["median"] for name in PATHS], color=["grey", "C2"])
    left.set(
        xlabel="milliseconds, median, one client", title=f"{row['times_quicker']:g} times quicker"
    )
    right.barh(
        PATHS, [max(row["answers_per_second"][name]) for name in PATHS], color=["grey", "C2"]
    )
    right.set(xlabel="answers a second", title=f"{row['times_more_answers']:g} times as many")
    figure.savefig(target, dpi=120)
    plt.close(figure)


def main(argv: list[str] | None = None) -> int:
    """Compare, print, write baseline.json and .png."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.baseline", description=__doc__)
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=2, help="of saturation")
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
    machine, body = results.machine(), app.classify_body(clips.mp3())
    with report_path() as theirs, app.started() as running:
        urls = {"report": theirs, "ours": running.api_url}
        row = compare(urls, body, requests=options.requests, rounds=options.rounds)
    target = results.write("baseline", {"machine": machine} | row, options.folder)
    draw(row, target.with_suffix(".png"))
    print(row)
    return 0


if __name__ == "__main__":
    app.run_cli(main)
