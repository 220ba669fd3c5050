"""How the page feels: long tasks, time to the picture and to the first answer, in headless Chromium (make bench-page).

python -m loadtests.bench_page --output loadtests/results/page.json
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from playwright.sync_api import Page, sync_playwright

from loadtests.app import started

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# Swept whistles: something to draw and to analyse, with no recording of anybody's.
SONG = "aevalsrc=0.3*sin(2*PI*(3500*t+200*sin(2*PI*3*t)))*gt(sin(2*PI*1.3*t)\\,0):s=44100"
WATCH = """() => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((task) => task.duration)))
        .observe({ type: 'longtask' });
}"""
# Resolves with the milliseconds from now until a condition of the page holds; asked before every frame.
SINCE = """(condition) => {
    const start = performance.now();
    const holds = {
        drawn: () => document.querySelector('#sound').dataset.picture === 'ready',
        named: () => document.querySelector('#bird-name').textContent !== '',
        done: () => ['result', 'unsure', 'no-bird'].includes(document.querySelector('main').dataset.state),
    }[condition];
    return new Promise((resolve) => {
        const look = () => (holds() ? resolve(performance.now() - start) : requestAnimationFrame(look));
        look();
    });
}"""


def make_song(folder: Path, seconds: int) -> Path:
    """Write an MP3 of so many seconds."""
    file = folder / f"{seconds} s.mp3"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", SONG]
    subprocess.run([*command, "-t", str(seconds), "-b:a", "128k", str(file)], check=True)
    return file


def measure(page: Page, site_url: str, song: Path) -> dict[str, Any]:
    """Choose a song, wait for its picture, send it: milliseconds of each, and the longest task on the page's thread."""
    page.goto(site_url)
    page.wait_for_selector("body[data-birds]")
    page.evaluate(WATCH)
    page.set_input_files("input[type=file]", str(song))
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


def run(seconds: list[int], rounds: int) -> list[dict[str, Any]]:
    """Measure each length in a fresh page; the first round warms the app up and does not count."""
    with tempfile.TemporaryDirectory() as folder, started() as app, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        songs = [make_song(Path(folder), each) for each in seconds]
        measure(browser.new_page(), app.site_url, songs[0])
        return [measure(browser.new_page(), app.site_url, song) for song in songs for _ in range(rounds)]


def main(argv: list[str] | None = None) -> int:
    """Print one line a round and write them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, nargs="+", default=[12, 180], help="lengths of the recordings")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args(argv)
    rows = run(arguments.seconds, arguments.rounds)
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    if arguments.output:
        found = {"command": "make bench-page", "machine": platform.processor() or platform.machine(), "rounds": rows}
        arguments.output.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
