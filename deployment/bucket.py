"""The private bucket of a stage: Lambda's code here, the models and the training data in folders of their own."""

from botocore.exceptions import ClientError

from endpoint.upload import ensure_bucket, ensure_private
from operation.change import Change, error_code

from .archives import Package
from .aws import Aws
from .problems import DeployError

TAKEN = {"403", "AccessDenied", "BucketAlreadyExists", "OperationAborted"}


def ensure(aws: Aws, name: str) -> list[Change]:
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


def upload(aws: Aws, name: str, package: Package) -> Change:
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
