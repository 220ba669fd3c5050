"""What a reader does with the page, and recordings to choose."""

import io
import json
import os
import re
import time
import wave
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np

RATE = 22_050
# The states of a page with an answer, and those in which an identification ends.
NAMED = ("result", "unsure", "unknown-bird", "no-bird")
ENDS = (*NAMED, "error")
# JavaScript: from then on no file is ever read, or is again.
HOLD_DECODING = "File.prototype.arrayBuffer = () => new Promise(() => {}); 0"
LET_DECODE = "delete File.prototype.arrayBuffer, 0"


def microphone_that_hears(file):
    """Chromium's arguments for a microphone that hears a WAV file."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    return [*fake, f"--use-file-for-fake-audio-capture={file}"]


def renderers(browser):
    """The folders in /proc of the processes that run pages and their workers."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return [Path(f"/proc/{each['id']}") for each in found if each["type"] == "renderer"]


def renderer_mebibytes(browser):
    """The largest renderer's share of memory."""
    texts = [(folder / "smaps_rollup").read_text() for folder in renderers(browser)]
    return max(int(re.search(r"^Pss: +(\d+) kB", text, re.M)[1]) for text in texts) / 1024


def processor_seconds(browser):
    """What the renderers have had of the processors: a busy machine does not make it longer."""
    times = [(folder / "stat").read_text().rsplit(")")[-1].split() for folder in renderers(browser)]
    return sum(
        int(user) + int(system) for *_, user, system in (t[:13] for t in times)
    ) / os.sysconf("SC_CLK_TCK")


def wav(samples, rate=RATE):
    """Samples in [-1, 1] as a WAV file's bytes."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def chirps(seconds, seed=1):
    """A made song: swept whistles between 2 and 6 kHz over a little noise."""
    times = np.arange(round(seconds * RATE)) / RATE
    beat = times % 0.31 / 0.31
    pitch = 3_000 + 1_200 * np.sin(2 * np.pi * times / 2.3) + 900 * beat
    envelope = np.sin(np.pi * beat) ** 4 * (np.sin(2 * np.pi * times / 3.1) > -0.4)
    noise = np.random.default_rng(seed).normal(0, 0.004, times.size)
    return 0.35 * envelope * np.sin(2 * np.pi * np.cumsum(pitch) / RATE) + noise


def recording(seconds=12, name="garden.wav"):
    """A recording to put into the page's file input."""
    return {"name": name, "mimeType": "audio/wav", "buffer": wav(chirps(seconds))}


def long_recording(folder, seconds):
    """A recording of minutes as a file on disk, at half the rate to keep it small."""
    file = folder / "dawn chorus.wav"
    file.write_bytes(wav(np.tile(chirps(60)[::2], round(seconds / 60)), RATE // 2))
    return file


def wait_for(page, claim, seconds=120):
    """Wait until a claim is true, and give back what it was."""
    end = time.monotonic() + seconds
    while not (held := claim()):
        assert time.monotonic() < end, "never true"
        page.wait_for_timeout(30)
    return held


def until(page, claim):
    """Wait until JavaScript is true. (Playwright's own wait needs eval: the policy forbids it.)"""
    return wait_for(page, lambda: page.evaluate(claim))


def choose(page, file):
    """Choose a file and wait until the page shows its name; it is identified at once."""
    name = file["name"] if isinstance(file, dict) else Path(file).name
    page.set_input_files("input[type=file]", file)
    wait_for(page, lambda: page.text_content("#sound-title") == name)


def wait_state(page, *states):
    """Wait until the page is in one of the states, and say in which."""
    page.wait_for_selector(", ".join(f'main[data-state="{state}"]' for state in states))
    return page.get_attribute("main", "data-state")


def identify(page, file):
    """Choose a file and wait for the end of its identification."""
    choose(page, file)
    return wait_state(page, *ENDS)


def saved_answer(page):
    """The answer as the page saves it."""
    with page.expect_download() as download:
        page.click("#save-json")
    return json.loads(download.value.path().read_text())


def chances(answer):
    """The probability of each species of an answer."""
    return {one["scientific_name"]: one["probability"] for one in answer["species"]}


def retry(page):
    """After an error: the recording is still there, and trying again finds the bird."""
    assert page.inner_text("#sound-title") == "garden.wav"
    page.click("#send")
    assert wait_state(page, "result", "error") == "result"


def shown(page):
    """The words of the answer card."""
    texts = {
        name: page.inner_text(f"#{name}")
        for name in ("kicker", "bird-name", "bird-probability", "message")
    }
    return SimpleNamespace(**{name.replace("-", "_"): value for name, value in texts.items()})


@contextmanager
def opened(browser, url):
    """One page for many recordings: each takes the place of the one before."""
    quiet = {"reduced_motion": "reduce", "service_workers": "block"}
    with browser.new_context(locale="en-GB", accept_downloads=True, **quiet) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)  # Machines are busy.
        page.goto(url)
        page.wait_for_selector("body[data-birds]")
        yield page
