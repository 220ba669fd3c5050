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


class NoQuotaError(Exception):
    """This machine gives no quotas: one sentence why."""


@contextmanager
def limited(share: float) -> Iterator[Path]:
    """Make a group with so many cores; yield the file that takes the ids of its processes.

    Raises NoQuotaError.
    """
    quota = round(share * PERIOD_MICROSECONDS)
    old = (GROUPS / "cpu").is_dir()
    group = GROUPS / "cpu" / f"birds-{uuid.uuid4()}" if old else GROUPS / f"birds-{uuid.uuid4()}"
    settings = (
        {"cpu.cfs_period_us": str(PERIOD_MICROSECONDS), "cpu.cfs_quota_us": str(quota)}
        if old
        else {"cpu.max": f"{quota} {PERIOD_MICROSECONDS}"}
    )
    try:
        group.mkdir()
        for name, value in settings.items():
            (group / name).write_text(value)
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
