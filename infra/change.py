"""What one step did to AWS, so that a second run can show that nothing changed; and waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from botocore.exceptions import ClientError

from infra.errors import DeployError, error_code, error_text

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import TagTypeDef

LIMIT_SECONDS = 3_600
# What is ours on the bill, once the tag is switched on there.
PRODUCT_TAG: TagTypeDef = {"Key": "product", "Value": "bird-sounds"}

Outcome = Literal["created", "updated", "unchanged", "deleted", "absent"]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Change:
    """One resource, for example "endpoint birdsong-dev", and what became of it."""

    resource: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.outcome:<9} {self.resource}"


def delete_if_there(
    resource: str, call: Any, *, missing: tuple[str, ...], **arguments: Any
) -> Change:
    """Delete by one call; an error whose code or text has one of `missing` means "absent"."""
    try:
        call(**arguments)
    except ClientError as error:
        if any(word in f"{error_code(error)} {error_text(error)}" for word in missing):
            return Change(resource, "absent")
        raise
    return Change(resource, "deleted")


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
