"""Waiting until AWS has finished what it was asked for."""

import time
from collections.abc import Callable
from typing import TypeVar

from infra.errors import DeployError

LIMIT_SECONDS = 3_600

Found = TypeVar("Found")


def wait_until_settled(
    find: Callable[[], Found],
    is_settled: Callable[[Found], bool],
    *,
    name: str,
    poll_seconds: float,
) -> Found:
    """Call `find` every `poll_seconds` until `is_settled` of what it returns; return that.

    `name` begins the sentence of the error ("Stack birdapp-dev-api"). Raises DeployError after an
    hour.
    """
    for _ in range(int(LIMIT_SECONDS / max(poll_seconds, 1.0))):
        found = find()
        if is_settled(found):
            return found
        time.sleep(poll_seconds)
    raise DeployError(f"{name} did not settle within an hour; run this again to go on waiting.")
