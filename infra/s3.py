"""Buckets and what lies in them: made private, filled, emptied, deleted."""

from typing import Any

from botocore.exceptions import ClientError

from infra.change import Change, delete_if_there, error_code
from infra.errors import DeployError
from infra.packages.zips import Package
from infra.session import Aws

US_EAST_1 = "us-east-1"
TAKEN = {"403", "AccessDenied", "BucketAlreadyExists", "OperationAborted"}
PRIVATE = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


def ensure_bucket(s3: Any, bucket: str) -> Change:
    """Make the bucket unless this account has it. A name that another account has is an error of AWS."""
    resource = f"bucket {bucket}"
    try:
        s3.head_bucket(Bucket=bucket)
        return Change(resource, "unchanged")
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchBucket"}:
            raise
    region = s3.meta.region_name
    # us-east-1 has no name of its own as a place.
    place = (
        {} if region == US_EAST_1 else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    s3.create_bucket(Bucket=bucket, **place)
    return Change(resource, "created")


def ensure_private(s3: Any, bucket: str) -> Change:
    """Shut the bucket for the public."""
    return ensure_public_access(s3, bucket, PRIVATE)


def ensure_public_access(s3: Any, bucket: str, wanted: dict[str, bool]) -> Change:
    """Set what the public may ever be given of a bucket."""
    resource = f"public access block of {bucket}"
    standing = None
    try:
        standing = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error_code(error) != "NoSuchPublicAccessBlockConfiguration":
            raise
    if standing == wanted:
        return Change(resource, "unchanged")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=wanted)
    return Change(resource, "updated" if standing else "created")


def ensure_stage_bucket(aws: Aws, name: str) -> list[Change]:
    """Make the bucket and shut it for the public. Raises DeployError where another account has the name."""
    try:
        made = ensure_bucket(aws.s3, name)
        aws.s3.head_bucket(Bucket=name, ExpectedBucketOwner=aws.account)
    except ClientError as error:
        if error_code(error) not in TAKEN:
            raise
        raise DeployError(
            f"The bucket name {name} is taken by another AWS account, or these credentials may not open it: "
            "change app_name in birdapp/.chalice/config.json."
        ) from error
    return [made, ensure_private(aws.s3, name)]


def upload_package(aws: Aws, name: str, package: Package) -> Change:
    """Upload a package unless one of the same content lies there: its key holds its digest."""
    resource = f"package s3://{name}/{package.key}"
    try:
        aws.s3.head_object(Bucket=name, Key=package.key, ExpectedBucketOwner=aws.account)
        return Change(resource, "unchanged")
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchKey", "NotFound"}:
            raise
    with package.path.open("rb") as body:
        aws.s3.put_object(Bucket=name, Key=package.key, Body=body, ExpectedBucketOwner=aws.account)
    return Change(resource, "created")


def is_there(s3: Any, bucket: str, key: str) -> bool:
    """Tell whether there is an object."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchKey"}:
            return False
        raise
    return True


def empty_bucket(s3: Any, bucket: str, prefix: str = "") -> int:
    """Delete every object under a prefix and return how many there were."""
    deleted = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        deleted += len(keys)
    return deleted


def delete_bucket(s3: Any, bucket: str) -> Change:
    """Empty and delete a bucket."""
    try:
        empty_bucket(s3, bucket)
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchBucket"}:
            raise
        return Change(f"bucket {bucket}", "absent")
    return delete_if_there(
        f"bucket {bucket}", s3.delete_bucket, missing=("NoSuchBucket",), Bucket=bucket
    )
