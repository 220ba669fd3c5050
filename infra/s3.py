"""Objects in buckets: looked for, uploaded once, deleted. The buckets belong to stacks."""

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.change import Change, error_code
from infra.session import Aws

NOT_THERE = {"404", "NoSuchKey", "NotFound"}


def upload_once(aws: Aws, bucket: str, key: str, path: Path) -> Change:
    """Upload a file whose key names its content, unless it is there already."""
    resource = f"package s3://{bucket}/{key}"
    if is_there(aws.s3, bucket, key, ExpectedBucketOwner=aws.account):
        return Change(resource, "unchanged")
    with path.open("rb") as body:
        aws.s3.put_object(Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=aws.account)
    return Change(resource, "created")


def is_there(s3: Any, bucket: str, key: str, **owner: str) -> bool:
    """Tell whether there is an object."""
    try:
        s3.head_object(Bucket=bucket, Key=key, **owner)
    except ClientError as error:
        if error_code(error) in NOT_THERE:
            return False
        raise
    return True


def empty_bucket(aws: Aws, bucket: str) -> None:
    """Delete every object. A bucket that is gone, or is another account's, is left alone."""
    owner = {"Bucket": bucket, "ExpectedBucketOwner": aws.account}
    try:
        for page in aws.s3.get_paginator("list_objects_v2").paginate(**owner):
            keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
            if keys:
                aws.s3.delete_objects(Delete={"Objects": keys, "Quiet": True}, **owner)
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchBucket", "403", "AccessDenied"}:
            raise
