"""A share of the processor for a process and its children, as Lambda gives one: a control group.

Needs root, and Linux's control groups of either version.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
# Long enough for the least share: the kernel takes no quota below 1 ms.
PERIOD_MICROSECONDS = 20_000
# Before all others, so that a busy machine does not take from the share.
MOST_SHARES, MOST_WEIGHT = 262_144, 10_000


class NoQuotaError(Exception):
    """This machine gives no quotas: one sentence why."""


@contextmanager
def limited(share: float) -> Iterator[Path]:
    """Make a group with so many cores; yield the file that takes the ids of its processes.

    Raises NoQuotaError.
    """
    quota, name = round(share * PERIOD_MICROSECONDS), f"birds-{uuid.uuid4()}"
    if (GROUPS / "cpu").is_dir():
        group = GROUPS / "cpu" / name
        limit: dict[str, object] = {"cpu.cfs_period_us": PERIOD_MICROSECONDS}
        settings = limit | {"cpu.cfs_quota_us": quota, "cpu.shares": MOST_SHARES}
    else:
        group = GROUPS / name
        settings = {"cpu.max": f"{quota} {PERIOD_MICROSECONDS}", "cpu.weight": MOST_WEIGHT}
    try:
        group.mkdir()
        for setting, value in settings.items():
            (group / setting).write_text(str(value))
    except OSError as error:
        raise NoQuotaError(
            f"Root and control groups for the processor are needed: {error}"
        ) from error
    try:
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def join(processes: Path) -> None:
    """Move this process into a group; its children follow."""
    processes.write_text(str(os.getpid()))
