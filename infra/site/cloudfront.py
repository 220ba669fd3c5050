"""CloudFront in front of the private bucket: HTTPS, so that the page may use the microphone, and security headers."""

import time
from collections.abc import Iterator
from typing import Any

from infra.change import Change, Outcome
from infra.errors import DeployError
from infra.site.cloudfront_config import access_control

WAIT_SECONDS = 1_800


def ensure_access_control(cloudfront: Any, name: str) -> tuple[Change, str]:
    """Make the access control; returns its id."""
    resource = f"origin access control {name}"
    found = find(
        pages(cloudfront.list_origin_access_controls, "OriginAccessControlList"), "Name", name
    )
    if found:
        return Change(resource, "unchanged"), str(found["Id"])
    made = cloudfront.create_origin_access_control(OriginAccessControlConfig=access_control(name))
    return Change(resource, "created"), str(made["OriginAccessControl"]["Id"])


def ensure_headers_policy(cloudfront: Any, wanted: dict[str, Any]) -> tuple[Change, str]:
    """Make the headers policy or bring it up to date; returns its id."""
    resource = f"response headers policy {wanted['Name']}"
    found = find_headers_policy(cloudfront, wanted["Name"])
    if found is None:
        made = cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=wanted)
        return Change(resource, "created"), str(made["ResponseHeadersPolicy"]["Id"])
    standing = cloudfront.get_response_headers_policy_config(Id=found)
    if contains(standing["ResponseHeadersPolicyConfig"], wanted):
        return Change(resource, "unchanged"), found
    cloudfront.update_response_headers_policy(
        Id=found, IfMatch=standing["ETag"], ResponseHeadersPolicyConfig=wanted
    )
    return Change(resource, "updated"), found


def find_headers_policy(cloudfront: Any, name: str) -> str | None:
    """Find the id of a headers policy of our own by its name."""
    for item in pages(
        cloudfront.list_response_headers_policies, "ResponseHeadersPolicyList", Type="custom"
    ):
        policy = item["ResponseHeadersPolicy"]
        if policy["ResponseHeadersPolicyConfig"]["Name"] == name:
            return str(policy["Id"])
    return None


def ensure_distribution(cloudfront: Any, wanted: dict[str, Any]) -> tuple[Change, dict[str, Any]]:
    """Make the distribution or bring it up to date; returns {"Id", "ARN", "DomainName", ...}."""
    resource = f"distribution of {wanted['Comment']}"
    found = find_distribution(cloudfront, wanted["Comment"])
    if found is None:
        made: dict[str, Any] = cloudfront.create_distribution(DistributionConfig=wanted)[
            "Distribution"
        ]
        return Change(resource, "created"), made
    outcome = change_distribution(cloudfront, found["Id"], wanted)
    return Change(resource, outcome), found


def change_distribution(cloudfront: Any, distribution_id: str, wanted: dict[str, Any]) -> Outcome:
    """Bring a standing distribution to have what is wanted; all else of it stays."""
    standing = cloudfront.get_distribution_config(Id=distribution_id)
    config = standing["DistributionConfig"]
    if contains(config, wanted):
        return "unchanged"
    cloudfront.update_distribution(
        Id=distribution_id, IfMatch=standing["ETag"], DistributionConfig=merged(config, wanted)
    )
    return "updated"


def find_distribution(cloudfront: Any, comment: str) -> dict[str, Any] | None:
    """Find a distribution by its comment."""
    return find(pages(cloudfront.list_distributions, "DistributionList"), "Comment", comment)


def pages(call: Any, list_name: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages: CloudFront continues by a marker."""
    marker: dict[str, str] = {}
    while True:
        page = call(**arguments, **marker)[list_name]
        yield from page.get("Items", [])
        if not page.get("NextMarker"):
            return
        marker = {"Marker": page["NextMarker"]}


def find(items: Iterator[dict[str, Any]], key: str, value: str) -> dict[str, Any] | None:
    """Return the first item with this value."""
    return next((item for item in items if item.get(key) == value), None)


def contains(standing: Any, wanted: Any) -> bool:
    """Tell whether all that is wanted stands; AWS adds defaults of its own."""
    if isinstance(wanted, dict) and isinstance(standing, dict):
        return all(
            key in standing and contains(standing[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list) and isinstance(standing, list) and len(standing) == len(wanted):
        return all(any(contains(item, value) for item in standing) for value in wanted)
    return bool(standing == wanted)


def merged(standing: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Lay what is wanted over what stands, dictionary by dictionary."""
    both = {
        key: merged(standing[key], value)
        for key, value in wanted.items()
        if is_pair(standing.get(key), value)
    }
    return standing | wanted | both


def is_pair(standing: Any, wanted: Any) -> bool:
    """Tell whether both are dictionaries."""
    return isinstance(standing, dict) and isinstance(wanted, dict)


def delete_distribution(cloudfront: Any, comment: str, poll_seconds: float) -> Change:
    """Switch the distribution off, wait until all of CloudFront knows (a quarter of an hour), delete it."""
    found = find_distribution(cloudfront, comment)
    if found is None:
        return Change(f"distribution of {comment}", "absent")
    change_distribution(cloudfront, found["Id"], {"Enabled": False})
    etag = settled(cloudfront, found["Id"], poll_seconds)
    cloudfront.delete_distribution(Id=found["Id"], IfMatch=etag)
    return Change(f"distribution of {comment}", "deleted")


def settled(cloudfront: Any, distribution_id: str, poll_seconds: float) -> str:
    """Wait until a distribution is the same everywhere; returns its ETag. Raises DeployError after half an hour."""
    for _ in range(int(WAIT_SECONDS / max(poll_seconds, 1.0))):
        standing = cloudfront.get_distribution(Id=distribution_id)
        if standing["Distribution"]["Status"] == "Deployed":
            return str(standing["ETag"])
        time.sleep(poll_seconds)
    raise DeployError(
        f"CloudFront distribution {distribution_id} did not settle; run this again to go on waiting."
    )


def delete_policies(cloudfront: Any, name: str) -> list[Change]:
    """Delete the headers policy, then the access control, of a site: made first and deleted last, it tells of both."""
    control = find(
        pages(cloudfront.list_origin_access_controls, "OriginAccessControlList"), "Name", name
    )
    headers_id = find_headers_policy(cloudfront, name) if control else None
    if headers_id:
        etag = cloudfront.get_response_headers_policy(Id=headers_id)["ETag"]
        cloudfront.delete_response_headers_policy(Id=headers_id, IfMatch=etag)
    if control:
        etag = cloudfront.get_origin_access_control(Id=control["Id"])["ETag"]
        cloudfront.delete_origin_access_control(Id=control["Id"], IfMatch=etag)
    return [
        Change(f"response headers policy {name}", "deleted" if headers_id else "absent"),
        Change(f"origin access control {name}", "deleted" if control else "absent"),
    ]
