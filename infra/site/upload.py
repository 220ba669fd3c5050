"""The site's files in its bucket: what changed is uploaded, what is gone is deleted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from infra.change import Change
from infra.s3 import delete_objects
from infra.site.assets import Asset
from infra.site.headers import FOR_EVER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def synchronise(s3: S3Client, bucket: str, assets: list[Asset]) -> list[Change]:
    """Upload what changed, in the order given, then delete what is gone; one Change a file."""
    existing = list_names(s3, bucket)
    changes = [
        upload(s3, bucket, asset) for asset in assets if not is_same(s3, bucket, asset, existing)
    ]
    gone = sorted(existing - {asset.name for asset in assets})
    delete_objects(s3, bucket, gone)
    changes += [Change(f"file {name}", "deleted") for name in gone]
    return changes or [Change(f"{len(assets)} files", "unchanged")]


def list_names(s3: S3Client, bucket: str) -> set[str]:
    """Return the names of all files in the bucket."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def is_same(s3: S3Client, bucket: str, asset: Asset, existing: set[str]) -> bool:
    """Tell whether the file is there with this content, type and lifetime.

    A digest in its name says so without asking.
    """
    if asset.name not in existing:
        return False
    if asset.cache_control == FOR_EVER:
        return True
    head = s3.head_object(Bucket=bucket, Key=asset.name)
    found = (
        head.get("Metadata", {}).get("sha256"),
        head.get("ContentType"),
        head.get("CacheControl"),
    )
    return found == (digest(asset), asset.content_type, asset.cache_control)


def upload(s3: S3Client, bucket: str, asset: Asset) -> Change:
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
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(asset.content).hexdigest()
