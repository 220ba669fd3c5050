"""Time and cost of all Lambdas at each memory size: `make power-tuning` (report, Figures 2 and 3).

Each handler runs here with the share of a core that Lambda gives for the memory: 1 at 1,769 MB, at
most 6 (AWS: "Configure Lambda function memory"). The hops that it waits for run beside it without
a limit. "cold" is the start and the first answer together. All of it comes before what else the
machine does; `processor_ms` shows whether that was enough. Needs root, for the quotas;
--state-machine lets AWS's own tool measure (loadtests/power_state_machine.py).
"""

import argparse
import base64
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from tqdm import tqdm

from birdapp.chalicelib.decode import decode
from infra.cost import MB_A_GB, PRICES
from loadtests import app, clips, power_state_machine, quota, results
from loadtests.power_worker import FUNCTIONS

MEGABYTES = (128, 256, 512, 1_024, 1_769, 2_048, 3_008, 5_120, 10_240)
MEGABYTES_A_CORE = 1_769
MOST_CORES = 6
SECONDS = (5, 60)
DECODE_SECONDS = 60
WINDOW_SECONDS, WINDOW_BYTES = 5, 216 * 514
SETTINGS = (
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME",
    "FFMPEG_BINARY",
    "SPECTROGRAM_FUNCTION",
    "ENDPOINT_NAME",
    "MODEL_DIR",
)
PROXY_EVENT = {
    "resource": "/classify",
    "path": "/classify",
    "httpMethod": "POST",
    "headers": {"Content-Type": "application/json"},
    "multiValueHeaders": {"Content-Type": ["application/json"]},
    "requestContext": {
        "resourcePath": "/classify",
        "httpMethod": "POST",
        "path": "/classify",
        "requestId": "power-tuning",
        "identity": {"sourceIp": "192.0.2.1"},
    },
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "isBase64Encoded": False,
}

Event = dict[str, Any]


def cores(megabytes: int) -> float:
    """Return the share of the processor that Lambda gives with so much memory."""
    return min(megabytes / MEGABYTES_A_CORE, MOST_CORES)


def dollars(megabytes: int, milliseconds: float) -> float:
    """Return what one request costs that takes so long."""
    gb_seconds = megabytes / MB_A_GB * milliseconds / 1_000
    return gb_seconds * PRICES["Lambda, GB-second"] + PRICES["Lambda, request"]


def proxy_event(sound: bytes) -> Event:
    """Return what API Gateway sends to the main Lambda."""
    return {**PROXY_EVENT, "body": app.classify_body(sound).decode()}


def spectrogram_event(sound: bytes) -> Event:
    pcm = base64.b64encode(decode(sound, DECODE_SECONDS)).decode()
    return {"request_id": "power-tuning", "sample_rate": 22_050, "pcm": pcm}


def classifier_event(seconds: int) -> Event:
    """Return as many windows as a recording has; what is in them takes no other time."""
    window = base64.b64encode(os.urandom(WINDOW_BYTES)).decode()
    return {"inputs": {"spectrogram": [{"b64": window}] * math.ceil(seconds / WINDOW_SECONDS)}}


def events(names: list[str], seconds: tuple[int, ...]) -> dict[str, list[tuple[str, Event]]]:
    """Return the named events of each function. The spectrogram's know no formats."""
    sounds = {(name, length): clips.of(name, length) for name in names for length in seconds}
    return {
        "main": [
            (f"{name}, {length} s", proxy_event(sound)) for (name, length), sound in sounds.items()
        ],
        "spectrogram": [
            (f"{length} s", spectrogram_event(sounds[names[0], length])) for length in seconds
        ],
        "classifier": [(f"{length} s", classifier_event(length)) for length in seconds],
    }


def measure(function: str, some: list[tuple[str, Event]], megabytes: int) -> dict[str, Any]:
    """Return the start and each event's times at one memory size. Raises NoQuotaError."""
    with (
        tempfile.NamedTemporaryFile("w", suffix=".json") as file,
        quota.limited(cores(megabytes)) as processes,
    ):
        json.dump(some, file)
        file.flush()
        program = [sys.executable, "-m", "loadtests.power_worker"]
        command = [*program, function, file.name, str(processes)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return {
        "megabytes": megabytes,
        "cores": round(cores(megabytes), 3),
        "init_ms": found["init_ms"],
        "requests": {
            name: row
            | {
                "cold_ms": round(found["init_ms"] + row["first_ms"], 1),
                "warm_dollars": dollars(megabytes, row["warm_ms"]),
            }
            for name, row in found["requests"].items()
        },
    }


def measure_all(running: app.App, given: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Return {function: rows by memory}, with the app's own hops to wait for."""
    os.environ |= {name: value for name, value in hops(running).items() if name in SETTINGS}
    found = events(given.formats, tuple(given.lengths))
    wanted = {name: found[name] for name in given.functions}
    steps = [(function, size) for function in wanted for size in given.megabytes]
    rows: dict[str, list[dict[str, Any]]] = {function: [] for function in wanted}
    for function, size in tqdm(steps, unit="size"):
        rows[function].append(measure(function, wanted[function], size))
    return rows


def hops(running: app.App) -> dict[str, str]:
    """Return the settings of the app's main Lambda, the addresses of its hops among them."""
    environment = (app.part(running, "local.gateway") / "environ").read_text().split("\0")
    return dict(line.split("=", 1) for line in environment if "=" in line)


def draw(function: str, rows: list[dict[str, Any]], target: Path) -> None:
    """Draw time and cost of a request over memory, as the report's Figures 2 and 3."""
    figure, time_axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    cost_axes = time_axes.twinx()
    sizes = [row["megabytes"] for row in rows]
    for number, name in enumerate(shown(rows)):
        color = f"C{number}"
        times = [row["requests"][name]["warm_ms"] for row in rows]
        costs = [1e6 * row["requests"][name]["warm_dollars"] for row in rows]
        time_axes.plot(sizes, times, "o-", color=color, label=f"{name}: milliseconds")
        cost_axes.plot(sizes, costs, "s--", color=color, alpha=0.5, label=f"{name}: $ a million")
    time_axes.set(xscale="log", yscale="log", xlabel="MB of memory", ylabel="milliseconds, warm")
    time_axes.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=45, minor=False)
    time_axes.minorticks_off()
    cost_axes.set(yscale="log", ylabel="dollars a million requests (dashed)")
    time_axes.set_title(f"{function} Lambda")
    time_axes.legend(fontsize=8)
    figure.savefig(target, dpi=120)
    plt.close(figure)


def shown(rows: list[dict[str, Any]]) -> list[str]:
    """Return the events that are drawn: of many formats the quickest and the slowest."""
    names = list(rows[0]["requests"])
    if len(names) <= len(SECONDS):
        return names
    slow_first = sorted(names, key=lambda name: -rows[-1]["requests"][name]["warm_ms"])
    return [slow_first[0], slow_first[-1]]


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write power-tuning.json and a picture of each function."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.power_tuning", description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=list(MEGABYTES))
    parser.add_argument("--formats", nargs="+", default=list(clips.FORMATS), choices=clips.FORMATS)
    parser.add_argument("--lengths", type=int, nargs="+", default=list(SECONDS), help="seconds")
    parser.add_argument("--functions", nargs="+", default=list(FUNCTIONS), choices=FUNCTIONS)
    parser.add_argument("--state-machine", help="ARN: let AWS Lambda Power Tuning measure")
    parser.add_argument("--function", help="with --state-machine: ARN of the main Lambda")
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
    if options.state_machine:
        event = proxy_event(clips.of(options.formats[0], options.lengths[0]))
        return power_state_machine.main(options.state_machine, options.function, event)
    machine = results.machine()
    try:
        with quota.limited(os.cpu_count() or 1) as processes, app.started() as running:
            for part in app.parts(running):
                processes.write_text(part.name)
            rows = measure_all(running, options)
    except quota.NoQuotaError as error:
        print(error, file=sys.stderr)
        return 1
    target = results.write("power-tuning", {"machine": machine, "functions": rows}, options.folder)
    for function, some in rows.items():
        draw(function, some, target.with_name(f"power-tuning-{function}.png"))
        report(function, some)
    return 0


def report(function: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        for name, one in row["requests"].items():
            print(
                f"{function:12}{row['megabytes']:7,} MB  {name:12} cold {one['cold_ms']:8,.0f} ms"
                f"  warm {one['warm_ms']:8,.0f} ms  {one['status']}"
                f"  {1e6 * one['warm_dollars']:7.2f} $ a million"
            )


if __name__ == "__main__":
    app.run_cli(main)
