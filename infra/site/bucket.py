"""The site's bucket: what may be read by whom, and which files lie in it."""

import hashlib
import json
from typing import Any

from botocore.exceptions import ClientError

from infra.change import Change, Outcome, error_code
from infra.s3 import ensure_bucket, ensure_private, ensure_public_access
from infra.site.assets import INDEX, Asset
from infra.site.headers import FOR_EVER

PUBLIC = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls"), True) | dict.fromkeys(
    ("BlockPublicPolicy", "RestrictPublicBuckets"), False
)
DELETE_AT_ONCE = 1_000


def public_policy(bucket: str) -> dict[str, Any]:
    """Let everybody read every file (report, 2.1)."""
    return readable(bucket, {"Principal": "*"})


def distribution_policy(bucket: str, distribution_arn: str) -> dict[str, Any]:
    """Let one CloudFront distribution read every file, and nobody else."""
    condition = {"StringEquals": {"AWS:SourceArn": distribution_arn}}
    return readable(
        bucket, {"Principal": {"Service": "cloudfront.amazonaws.com"}, "Condition": condition}
    )


def readable(bucket: str, who: dict[str, Any]) -> dict[str, Any]:
    """Write a policy of one sentence."""
    statement = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    } | who
    return {"Version": "2012-10-17", "Statement": [statement]}


def ensure_private_bucket(s3: Any, bucket: str) -> list[Change]:
    """Make a bucket that nobody can read yet; an earlier website setting is taken away."""
    changes = [ensure_bucket(s3, bucket), ensure_private(s3, bucket)]
    if website_index(s3, bucket) is not None:
        s3.delete_bucket_website(Bucket=bucket)
        changes.append(Change(f"website of {bucket}", "deleted"))
    return changes


def ensure_website(s3: Any, bucket: str) -> list[Change]:
    """Make the public website bucket of the report: everybody may read, the root shows index.html."""
    made = [ensure_bucket(s3, bucket), ensure_public_access(s3, bucket, PUBLIC)]
    standing = website_index(s3, bucket)
    if standing != INDEX:
        s3.put_bucket_website(
            Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": INDEX}}
        )
    outcome: Outcome = "unchanged" if standing == INDEX else "updated" if standing else "created"
    return [
        *made,
        Change(f"website of {bucket}", outcome),
        ensure_policy(s3, bucket, public_policy(bucket)),
    ]


def website_index(s3: Any, bucket: str) -> str | None:
    """Read which file the bucket's root shows, None where it is no website."""
    try:
        return str(s3.get_bucket_website(Bucket=bucket)["IndexDocument"]["Suffix"])
    except ClientError as error:
        if error_code(error) == "NoSuchWebsiteConfiguration":
            return None
        raise


def ensure_policy(s3: Any, bucket: str, wanted: dict[str, Any]) -> Change:
    """Put the bucket's policy there."""
    resource, standing = f"policy of {bucket}", None
    try:
        standing = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        if error_code(error) != "NoSuchBucketPolicy":
            raise
    if standing == wanted:
        return Change(resource, "unchanged")
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(wanted))
    return Change(resource, "updated" if standing else "created")


def synchronise(s3: Any, bucket: str, assets: list[Asset]) -> list[Change]:
    """Upload what changed, in the order given, then delete what is gone; one Change a file that was touched."""
    lying = list_names(s3, bucket)
    changes = [
        upload(s3, bucket, asset) for asset in assets if not is_same(s3, bucket, asset, lying)
    ]
    gone = sorted(lying - {asset.name for asset in assets})
    for start in range(0, len(gone), DELETE_AT_ONCE):
        keys = [{"Key": name} for name in gone[start : start + DELETE_AT_ONCE]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    changes += [Change(f"file {name}", "deleted") for name in gone]
    return changes or [Change(f"{len(assets)} files", "unchanged")]


def list_names(s3: Any, bucket: str) -> set[str]:
    """List what lies in the bucket."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def is_same(s3: Any, bucket: str, asset: Asset, lying: set[str]) -> bool:
    """Tell whether the file lies there with this content, type and keeping time; a digest in its name says so."""
    if asset.name not in lying:
        return False
    if asset.cache_control == FOR_EVER:
        return True
    head = s3.head_object(Bucket=bucket, Key=asset.name)
    standing = (
        head.get("Metadata", {}).get("sha256"),
        head.get("ContentType"),
        head.get("CacheControl"),
    )
    return standing == (digest(asset), asset.content_type, asset.cache_control)


def upload(s3: Any, bucket: str, asset: Asset) -> Change:
    """Upload one file."""
    s3.put_object(
        Bucket=bucket,
        Key=asset.name,
        Body=asset.content,
        ContentType=asset.content_type,
        CacheControl=asset.cache_control,
        Metadata={"sha256": digest(asset)},
    )
    return Change(f"file {asset.name}", "created")


def digest(asset: Asset) -> str:
    """Name a file's content."""
    return hashlib.sha256(asset.content).hexdigest()
