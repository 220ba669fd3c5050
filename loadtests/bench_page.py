"""How long the page takes in headless Chromium: `make bench-page`.

A reader clicks the button and finds a file; the clock starts when it is chosen, and again at the
click that sends it. The first round warms the app up and does not count.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from playwright.sync_api import Page, sync_playwright

from loadtests import clips, results
from loadtests.app import run_cli, started

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
SECONDS = (12, 180)
LIMITS_MS = {
    "picture, 12 s": 500,
    "picture, 180 s": 3_000,
    "first answer": 1_000,
    "longest task": 100,
}
WATCH = """() => {
    window.longTasks = [];
    new PerformanceObserver((list) =>
        window.longTasks.push(...list.getEntries().map((task) => task.duration)),
    ).observe({ type: 'longtask' });
}"""
# Resolves with the milliseconds from now until a condition of the page holds.
SINCE = """(condition) => {
    const start = performance.now();
    const ends = ['result', 'unsure', 'no-bird'];
    const holds = {
        drawn: () => document.querySelector('#sound').dataset.picture === 'ready',
        named: () => document.querySelector('#bird-name').textContent !== '',
        done: () => ends.includes(document.querySelector('main').dataset.state),
    }[condition];
    return new Promise((resolve) => {
        const look = () => (holds() ? resolve(performance.now() - start) : setTimeout(look, 5));
        look();
    });
}"""


def write_song(folder: Path, seconds: int) -> Path:
    file = folder / f"{seconds} s.mp3"
    file.write_bytes(clips.mp3(seconds=seconds))
    return file


def measure(page: Page, site_url: str, song: Path) -> dict[str, Any]:
    """Choose a song, wait for its picture, send it; return the milliseconds of each."""
    page.goto(site_url)
    page.wait_for_selector("body[data-birds]")
    page.evaluate(WATCH)
    with page.expect_file_chooser() as chooser:
        page.click("#pick")
    page.wait_for_timeout(500)  # Nobody finds a file sooner.
    chooser.value.set_files(str(song))
    drawn = page.evaluate(SINCE, "drawn")
    page.evaluate("document.querySelector('#send').click()")
    first = page.evaluate(SINCE, "named")
    done = page.evaluate(SINCE, "done")
    tasks = page.evaluate("window.longTasks")
    return {
        "file": song.name,
        "picture_ms": round(drawn),
        "first_answer_ms": round(first),
        "whole_answer_ms": round(first + done),
        "longest_task_ms": round(max(tasks, default=0)),
    }


def run(rounds: int) -> list[dict[str, Any]]:
    """Measure each length `rounds` times, each time in a fresh page."""
    with tempfile.TemporaryDirectory() as folder, started() as app, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        songs = [write_song(Path(folder), each) for each in SECONDS]
        # Without a graphics card the processor draws the birds, and it is measured here: they rest.
        pages = [browser.new_page(reduced_motion="reduce") for _ in range(1 + rounds * len(songs))]
        measure(pages.pop(), app.site_url, songs[0])
        return [measure(pages.pop(), app.site_url, song) for song in songs for _ in range(rounds)]


def draw(rows: list[dict[str, Any]], target: Path) -> None:
    """Draw every round as a dot, and the limit of its measure."""
    found: dict[str, list[int]] = {name: [] for name in LIMITS_MS}
    for row in rows:
        found[f"picture, {Path(row['file']).stem}"].append(row["picture_ms"])
        found["first answer"].append(row["first_answer_ms"])
        found["longest task"].append(row["longest_task_ms"])
    figure, axes = plt.subplots(figsize=(8, 2.4), layout="constrained")
    for place, (name, values) in enumerate(found.items()):
        axes.plot(values, [place] * len(values), "o", color="tab:green", alpha=0.6)
        axes.plot(LIMITS_MS[name], place, "|", color="tab:red", markersize=18)
    axes.set(
        xlabel="milliseconds, each round (red: the limit)",
        yticks=range(len(found)),
        yticklabels=list(found),
    )
    axes.invert_yaxis()
    figure.savefig(target, dpi=120)


def main(argv: list[str] | None = None) -> int:
    """Measure, print one line a round, write page.json and page.png."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench_page", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    results.add_keep_option(parser)
    options = parser.parse_args(argv)
    machine = results.machine()
    rows = run(options.rounds)
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    result = {"machine": machine, "limits_ms": LIMITS_MS, "rounds": rows}
    target = results.write("page", result, options.folder)
    draw(rows, target.with_suffix(".png"))
    return 0


if __name__ == "__main__":
    run_cli(main)
