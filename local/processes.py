"""Child processes that never outlive their parent, whatever ends it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STOP_SECONDS = 3
STANDARD_ERROR = 2


@dataclass(frozen=True)
class Child:
    """A running part of the app: its module, and its process."""

    name: str
    process: subprocess.Popen[bytes]


def start(name: str, listener: socket.socket, environment: Mapping[str, str]) -> Child:
    """Start the module `name` with one argument: the number of the listening socket that it inherits."""
    process = subprocess.Popen(
        [sys.executable, "-m", name, str(listener.fileno())],
        stdin=subprocess.PIPE,
        stdout=STANDARD_ERROR,  # Standard output belongs to the one line "ready".
        pass_fds=[listener.fileno()],
        env=dict(environment),
        start_new_session=True,  # Ctrl-C reaches the parent alone, and it ends the children.
    )
    listener.close()
    return Child(name, process)


def end_with_parent() -> None:
    """In a child: end as soon as the parent is gone. Only the parent holds the other end of standard input."""
    threading.Thread(target=_end_at_eof, daemon=True).start()


def _end_at_eof() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


def ended(children: Iterable[Child]) -> list[Child]:
    """List the children that run no more."""
    return [child for child in children if child.process.poll() is not None]


def stop(children: Iterable[Child]) -> None:
    """Ask all children to end, and kill those that do not."""
    children = list(children)
    for child in children:
        child.process.terminate()
    for child in children:
        with child.process as process:  # Closes its standard input, too.
            _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
