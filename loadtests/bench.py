"""How long one client waits for a 5 s MP3, stage by stage: `make bench`.

Warm, one connection, one request after the other. Stages come from the API's Server-Timing header;
"rest" is everything else: JSON, base64, HTTP, the gateway.
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from tqdm import tqdm

from loadtests import app, clips, results

STAGES = ("decode", "spectrogram", "endpoint")
WARM_UP_REQUESTS = 10
TARGET_MILLISECONDS = 200


def measure(url: str, body: bytes, *, requests: int) -> list[app.Answer]:
    """Send the same recording again and again on one connection.

    Raises RuntimeError on any status but 200.
    """
    connection = app.connect(url)
    answers = [
        app.classify(connection, body)
        for _ in tqdm(range(WARM_UP_REQUESTS + requests), unit="request")
    ]
    connection.close()
    if {answer.status for answer in answers} != {200}:
        raise RuntimeError(
            f"expected 200 only, got {sorted({answer.status for answer in answers})}"
        )
    return answers[WARM_UP_REQUESTS:]


def medians(answers: list[app.Answer]) -> dict[str, float]:
    """Return the median milliseconds of each stage, of the rest and of the whole."""
    columns = {stage: [answer.stages[stage] for answer in answers] for stage in STAGES}
    columns["rest"] = [
        answer.milliseconds - sum(answer.stages[stage] for stage in STAGES) for answer in answers
    ]
    columns["whole"] = [answer.milliseconds for answer in answers]
    return {name: round(results.quantile(values, 0.5), 1) for name, values in columns.items()}


def draw(stages: dict[str, float], target: Path) -> None:
    """Draw the stages as one bar."""
    figure, axes = plt.subplots(figsize=(8, 1.8), layout="constrained")
    start = 0.0
    for name in (*STAGES, "rest"):
        axes.barh(0, stages[name], left=start, label=f"{name} {stages[name]:g} ms")
        start += stages[name]
    axes.axvline(TARGET_MILLISECONDS, color="grey", linestyle="--")
    axes.set(xlabel="milliseconds (medians; dashed: the limit)", yticks=[])
    axes.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    figure.savefig(target, dpi=120)


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write bench.json and bench.png."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench", description=__doc__)
    parser.add_argument("--url", help="of a running API; otherwise the app is started")
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument(
        "--recording", type=Path, help="take the first 5 s of this file, not a made-up song"
    )
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
    body = app.classify_body(clips.mp3(options.recording))
    result: dict[str, Any] = {"machine": results.machine(), "requests": options.requests}
    answers = app.on_app(options.url, lambda url: measure(url, body, requests=options.requests))
    result |= {
        "medians_ms": medians(answers),
        "whole_ms": results.summary([one.milliseconds for one in answers]),
    }
    target = results.write("bench", result, options.folder)
    draw(result["medians_ms"], target.with_suffix(".png"))
    for name, value in result["medians_ms"].items():
        print(f"{name:12} {value:7.1f} ms")
    return 0


if __name__ == "__main__":
    app.run_cli(main)
