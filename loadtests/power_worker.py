"""One Lambda in a process with a share of the processor: what power_tuning starts.

`python -m loadtests.power_worker FUNCTION EVENTS PROCS`: reads EVENTS, [[name, event], ...],
joins the group of PROCS, and prints {"init_ms": ..., "requests": {name: {...}}}. After the start,
which is timed, each event meets a copy of the fresh process, so that its first answer is a cold
one.
"""

import contextlib
import importlib
import io
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from loadtests import quota

REPOSITORY = Path(__file__).parent.parent
# Function -> its folder, its module, the name in it.
FUNCTIONS = {
    "main": ("birdapp", "app", "app"),
    "spectrogram": ("spectrogram_fn", "handler", "handler"),
    "classifier": ("classifier_fn", "handler", "handler"),
}
WARM_REQUESTS = 2
CONTEXT = SimpleNamespace(aws_request_id="power-tuning")

Handler = Callable[[Any, Any], Any]


def main() -> int:
    function, events, processes = (
        sys.argv[1],
        json.loads(Path(sys.argv[2]).read_text()),
        sys.argv[3],
    )
    quota.join(Path(processes))
    began = time.perf_counter()
    handler = load(function)
    init = milliseconds_since(began)
    requests = {name: in_a_copy(partial(times, handler, event)) for name, event in events}
    print(json.dumps({"init_ms": init, "requests": requests}))
    return 0


def load(function: str) -> Handler:
    """Import a function as Lambda does, from its own folder."""
    folder, module, name = FUNCTIONS[function]
    sys.path.insert(0, str(REPOSITORY / folder))
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


def times(handler: Handler, event: Any) -> dict[str, Any]:
    """Return the milliseconds of the first answer and of the quickest later one, and its status.

    `processor_ms` is what that one used of the processor, ffmpeg included.
    """
    first, _, _ = timed(handler, event)
    later, processor, status = min(timed(handler, event) for _ in range(WARM_REQUESTS))
    return {"first_ms": first, "warm_ms": later, "processor_ms": processor, "status": status}


def timed(handler: Handler, event: Any) -> tuple[float, float, int]:
    """Return the milliseconds, those of the processor, and the status of one answer."""
    began, used = time.perf_counter(), processor_seconds()
    with contextlib.redirect_stdout(io.StringIO()):  # The log.
        answer = handler(event, CONTEXT)
    processor = round((processor_seconds() - used) * 1_000, 1)
    return milliseconds_since(began), processor, answer.get("statusCode", 200)


def processor_seconds() -> float:
    """Return what this process and its ended children have used of the processor."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def in_a_copy(work: Callable[[], Any]) -> Any:
    """Do the work in a copy of this process, and return what it returns."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, json.dumps(work()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return json.loads(found)


def milliseconds_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1_000, 1)


if __name__ == "__main__":
    sys.exit(main())
