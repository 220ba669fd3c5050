"""The whole app on this machine: `make run`. Each part that AWS plays in production is a process of its own (local/).

Settings, from the environment: API_PORT and SITE_PORT (0 takes a free one), MODEL_DIR, RATE_PER_SECOND, BURST,
CORS_ORIGINS.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import imageio_ffmpeg

from local import processes, readiness, server

REPOSITORY = Path(__file__).parent
CHALICE_CONFIG = REPOSITORY / "birdapp" / ".chalice" / "config.json"
LOOK_SECONDS = 0.2
READY_SECONDS = 120
# What a part that is still starting, on a busy machine, makes the API answer.
STARTING = (503, 504)
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DEFAULTS = {
    "API_PORT": "8000",
    "SITE_PORT": "8080",
    "MODEL_DIR": str(REPOSITORY / "training" / "model"),
    "RATE_PER_SECOND": "1000",
    "BURST": "2000",
}
# No call may reach a real account, and none may take a way around through a proxy.
NO_AWS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": server.LOOPBACK,
    "no_proxy": server.LOOPBACK,
}


class CannotRunError(Exception):
    """The app cannot run: one sentence why, and what to do."""


def main() -> int:
    """Run the app until it is told to end. Answers 0, or 1 after one sentence on what is wrong."""
    for end in ENDS:
        signal.signal(end, leave)
    children: list[processes.Child] = []
    try:
        api_base, site = start(children)
        wait_until_ready(children, api_base)
        print(f"ready: {site}", flush=True)
        stay(children)
    except CannotRunError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        processes.stop(children)


def leave(_signal: int, _frame: object) -> NoReturn:
    """End the app in order; a second signal does not disturb that."""
    for end in ENDS:
        signal.signal(end, signal.SIG_IGN)
    raise KeyboardInterrupt


def start(children: list[processes.Child]) -> tuple[str, str]:
    """Start all parts, add each to `children`, answer the addresses of the API and the site. Raises CannotRunError."""
    settings = read_settings() | {"FFMPEG_BINARY": find_ffmpeg()}
    api, site = listen("API_PORT", settings), listen("SITE_PORT", settings)
    function, endpoint = server.listen(0), server.listen(0)
    addresses = server.address(api), server.address(site)
    settings["API_BASE"] = addresses[0]
    settings["AWS_ENDPOINT_URL_LAMBDA"] = server.address(function)
    settings["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = server.address(endpoint)
    parts = {"gateway": api, "lambda_invoke": function, "sagemaker_runtime": endpoint, "site": site}
    for name, listener in parts.items():
        children.append(processes.start(f"local.{name}", listener, settings))
    return addresses


def read_settings() -> dict[str, str]:
    """Put together the defaults, birdapp's own settings and the environment; nothing of AWS comes from there."""
    config: dict[str, str] = json.loads(CHALICE_CONFIG.read_text())["environment_variables"]
    given = {
        name: value for name, value in os.environ.items() if value and not name.startswith("AWS_")
    }
    return DEFAULTS | config | given | NO_AWS


def find_ffmpeg() -> str:
    """Find the ffmpeg that came with the packages, and see it run. Raises CannotRunError."""
    try:
        ffmpeg: str = imageio_ffmpeg.get_ffmpeg_exe()
        subprocess.run([ffmpeg, "-version"], check=True, capture_output=True)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        raise CannotRunError(
            f"ffmpeg is missing or does not run; remove .venv-run and try again ({error})."
        ) from error
    return ffmpeg


def listen(variable: str, settings: dict[str, str]) -> socket.socket:
    """Listen on the port that a setting names. Raises CannotRunError where it is taken or is no port."""
    try:
        return server.listen(int(settings[variable]))
    except (OSError, OverflowError, ValueError) as error:
        raise CannotRunError(
            f"Port {settings[variable]} cannot be used ({error}); free it or choose another: make run {variable}=..."
        ) from error


def wait_until_ready(children: list[processes.Child], api_base: str) -> None:
    """Return when a sound was classified. Raises CannotRunError when that does not come about."""
    end = time.monotonic() + READY_SECONDS
    while (answer := first_answer(children, api_base))[0] != 200:
        if answer[0] not in STARTING or time.monotonic() > end:
            raise CannotRunError(f"The first classification failed: {answer[0]} {answer[1]}")


def first_answer(children: list[processes.Child], api_base: str) -> tuple[int, str]:
    """Classify a sound; (status, text), (0, why) where no answer came. Raises CannotRunError when a part has ended."""
    try:
        answer = readiness.classify(api_base)
    except OSError as error:
        answer = 0, str(error)
    if answer[0] != 200:
        time.sleep(LOOK_SECONDS)  # A part that ends takes a moment to be seen.
        check(children)
    return answer


def stay(children: list[processes.Child]) -> NoReturn:
    """Stay until a part ends by itself, which it never should. Raises CannotRunError."""
    while True:
        time.sleep(LOOK_SECONDS)
        check(children)


def check(children: list[processes.Child]) -> None:
    """Raise CannotRunError where a part runs no more."""
    for child in processes.ended(children):
        raise CannotRunError(
            f"{child.name} has ended with status {child.process.returncode}; its last words stand above."
        )


if __name__ == "__main__":
    sys.exit(main())
