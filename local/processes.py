"""Child processes that never outlive their parent, whatever ends it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STOP_SECONDS = 3
# Standard output belongs to the line "ready: ...".
STANDARD_ERROR = 2


@dataclass(frozen=True)
class Child:
    """A running part of the app: its module, and its process."""

    name: str
    process: subprocess.Popen[bytes]


def start(name: str, listener: socket.socket, environment: Mapping[str, str]) -> Child:
    """Start the module `name`; its argument is the number of the listening socket it inherits."""
    process = subprocess.Popen(
        [sys.executable, "-m", name, str(listener.fileno())],
        stdin=subprocess.PIPE,
        stdout=STANDARD_ERROR,
        pass_fds=[listener.fileno()],
        env=dict(environment),
        # Ctrl-C reaches the parent alone, and it ends the children.
        start_new_session=True,
    )
    listener.close()
    return Child(name, process)


def end_with_parent() -> None:
    """In a child: end with the parent, which alone holds the other end of standard input."""
    threading.Thread(target=_end_at_eof, daemon=True).start()


def _end_at_eof() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


def ended(children: Iterable[Child]) -> list[Child]:
    """Return the children that have ended."""
    return [child for child in children if child.process.poll() is not None]


def stop(children: Iterable[Child]) -> None:
    """Terminate all children, and kill those that do not end."""
    children = list(children)
    for child in children:
        child.process.terminate()
    for child in children:
        with child.process as process:  # Closes its standard input too.
            _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
