"""What one step did to AWS, so that a second run can show that nothing changed."""

from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError

Outcome = Literal["created", "updated", "unchanged", "deleted", "absent"]


@dataclass(frozen=True)
class Change:
    """One resource, for example "endpoint birdsong-dev", and what became of it."""

    resource: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.outcome:<9} {self.resource}"


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, "" where it has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_text(error: ClientError) -> str:
    """Return AWS's own words of an error."""
    return str(error.response.get("Error", {}).get("Message", error))


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
