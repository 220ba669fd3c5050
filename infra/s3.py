"""Objects in buckets: looked for, uploaded once, deleted. The buckets belong to stacks."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.change import Change
from infra.errors import error_code
from infra.session import Account

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

DELETE_AT_ONCE = 1_000
NOT_THERE = {"404", "NoSuchKey", "NotFound"}


def upload_once(account: Account, bucket: str, key: str, content: bytes) -> Change:
    """Upload what its key names by a digest, unless it is there; S3 checks its own on arrival."""
    resource = f"object s3://{bucket}/{key}"
    if is_there(account.s3, bucket, key):
        return Change(resource, "unchanged")
    account.s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=content,
        ChecksumSHA256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
    )
    return Change(resource, "created")


def is_there(s3: S3Client, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in NOT_THERE:
            return False
        raise
    return True


def empty_bucket(account: Account, bucket: str) -> None:
    """Delete every object. A bucket that is gone, or is another account's, is left alone."""
    pages = account.s3.get_paginator("list_objects_v2")
    try:
        for page in pages.paginate(Bucket=bucket):
            delete_objects(account.s3, bucket, [it["Key"] for it in page.get("Contents", [])])
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchBucket", "403", "AccessDenied"}:
            raise


def delete_objects(s3: S3Client, bucket: str, keys: list[str]) -> None:
    """Delete objects, a thousand a call, which is S3's limit."""
    for start in range(0, len(keys), DELETE_AT_ONCE):
        part = keys[start : start + DELETE_AT_ONCE]
        some: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in part]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
