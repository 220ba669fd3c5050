"""Log groups that forget: those that AWS services make by themselves never would."""

from typing import Any

from infra.change import Change, delete_if_there


def endpoint_log_group(endpoint: str) -> str:
    """Name the log group to which SageMaker writes an endpoint's containers."""
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def ensure_retention(logs: Any, group: str, days: int) -> Change:
    """Make the log group unless it is there, and let it keep its lines for so many days."""
    resource = f"log group {group}"
    standing = find_group(logs, group)
    if standing and standing.get("retentionInDays") == days:
        return Change(resource, "unchanged")
    if standing is None:
        logs.create_log_group(logGroupName=group)
    logs.put_retention_policy(logGroupName=group, retentionInDays=days)
    return Change(resource, "updated" if standing else "created")


def find_group(logs: Any, group: str) -> dict[str, Any] | None:
    """Describe a log group, None where there is none."""
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
    found: list[dict[str, Any]] = [item for page in pages for item in page["logGroups"]]
    return next((item for item in found if item["logGroupName"] == group), None)


def delete_group(logs: Any, group: str) -> Change:
    """Delete a log group with all its lines."""
    missing = ("ResourceNotFoundException",)
    return delete_if_there(
        f"log group {group}", logs.delete_log_group, missing=missing, logGroupName=group
    )
