"""The whole app on this machine: `make run`. Each part that AWS is in production is a process here.

Settings, from the environment: API_PORT and SITE_PORT (0 takes a free one), MODEL_DIR,
RATE_PER_SECOND, BURST, CORS_ORIGINS.
"""

import signal

if __name__ == "__main__":
    # Ctrl-C while this still loads: the end, without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import socket
import subprocess
import sys
import time
from typing import NoReturn

from birdapp.chalicelib.ffmpeg_path import find_ffmpeg
from local import processes, readiness, server
from local.settings import CannotRunError, read_settings

LOOK_SECONDS = 0.2
READY_SECONDS = 120
# Statuses of an API whose parts are still starting on a busy machine.
STARTING = (503, 504)
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the app until a signal ends it. Return 0, or 1 after one sentence on what is wrong."""
    for end in ENDS:
        # nohup ignores SIGHUP, so that the app stays when its window closes.
        if end != signal.SIGHUP or signal.getsignal(end) is not signal.SIG_IGN:
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
    """Start all parts and add each to `children`. Return the URLs of the API and of the site.

    Raises CannotRunError.
    """
    settings = read_settings() | {"FFMPEG_BINARY": checked_ffmpeg()}
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


def checked_ffmpeg() -> str:
    """Return the path of ffmpeg, once it has run. Raises CannotRunError."""
    try:
        ffmpeg = find_ffmpeg()
        subprocess.run([ffmpeg, "-version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotRunError(
            f"ffmpeg is missing or does not run; remove .venv-run and try again ({error})."
        ) from error
    return ffmpeg


def listen(variable: str, settings: dict[str, str]) -> socket.socket:
    """Listen on the port of a setting. Raises CannotRunError where it is taken or is no port."""
    try:
        return server.listen(int(settings[variable]))
    except (OSError, OverflowError, ValueError) as error:
        raise CannotRunError(
            f"Port {settings[variable]} cannot be used ({error}); "
            f"free it or choose another: make run {variable}=..."
        ) from error


def wait_until_ready(children: list[processes.Child], api_base: str) -> None:
    """Wait until a sound is classified. Raises CannotRunError where none ever is."""
    end = time.monotonic() + READY_SECONDS
    while (answer := first_answer(children, api_base))[0] != 200:
        if answer[0] not in STARTING or time.monotonic() > end:
            raise CannotRunError(f"The first classification failed: {answer[0]} {answer[1]}")


def first_answer(children: list[processes.Child], api_base: str) -> tuple[int, str]:
    """Classify a sound; return status and body, or 0 and the reason where no response came.

    Raises CannotRunError when a part has ended.
    """
    try:
        answer = readiness.classify(api_base)
    except OSError as error:
        answer = 0, str(error)
    if answer[0] != 200:
        time.sleep(LOOK_SECONDS)  # It takes a moment until the end of a part is seen.
        check(children)
    return answer


def stay(children: list[processes.Child]) -> NoReturn:
    """Wait until a part ends by itself, which it never should. Raises CannotRunError."""
    while True:
        time.sleep(LOOK_SECONDS)
        check(children)


def check(children: list[processes.Child]) -> None:
    """Raise CannotRunError where a part has ended."""
    for child in processes.ended(children):
        raise CannotRunError(
            f"{child.name} has ended with status {child.process.returncode}; "
            "its last lines are above."
        )


if __name__ == "__main__":
    sys.exit(main())
