"""What can go wrong between here and AWS, as one sentence each."""

import sys
from collections.abc import Callable, Iterable

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)

# AWS's codes -> the sentence.
KINDS = {
    "ExpiredToken ExpiredTokenException": "The AWS credentials have expired: sign in again.",
    "UnrecognizedClientException InvalidClientTokenId InvalidAccessKeyId": "AWS does not know "
    "these credentials: check the access key and its region.",
    "SignatureDoesNotMatch": "The AWS secret key does not fit the access key.",
    "BucketAlreadyExists": "That bucket name is taken by another AWS account: choose another one.",
    "AuthFailure OptInRequired": "This AWS region is not enabled for the account: "
    "choose another or enable it.",
}
SENTENCES = {code: sentence for codes, sentence in KINDS.items() for code in codes.split()}
QUOTA_CODES = (
    "ResourceLimitExceeded",
    "LimitExceededException",
    "ServiceQuotaExceededException",
    "TooManyBuckets",
)
DENIED_CODES = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
NO_CREDENTIALS = (
    "No AWS credentials were found: run `aws configure`, "
    "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
)


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, "" where it has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_text(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", error))


class DeployError(Exception):
    """A step cannot be done; the text is one sentence for the person who ran it."""


# What a script turns into a sentence; everything else is a bug and ends in a traceback.
EXPECTED = (DeployError, ClientError, BotoCoreError)


def run_cli(work: Callable[[], int | None], advice: str = "") -> int:
    """Do the work of a script and return its exit status.

    What goes wrong is one sentence on standard error, followed by `advice`, and status 1.
    """
    try:
        return work() or 0
    except EXPECTED as error:
        print(f"{explain(error)} {advice}".strip(), file=sys.stderr)
        return 1


def show(lines: Iterable[object]) -> None:
    """Print each line as soon as it comes."""
    for line in lines:
        print(line, flush=True)


def explain(error: Exception) -> str:
    """Return one sentence for what AWS or boto3 raised, with what to do about it."""
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return NO_CREDENTIALS
    if isinstance(error, EndpointConnectionError):
        return f"AWS cannot be reached; is the region's name right? ({error})"
    if isinstance(error, ClientError):
        return explain_code(error)
    if isinstance(error, BotoCoreError):
        return f"boto3 could not make the call: {error}"
    return str(error)


def open_sentence(error: Exception) -> str:
    """Return the error's sentence without its end, for what became of it."""
    return explain(error).removesuffix(".")


def explain_code(error: ClientError) -> str:
    code, text = error_code(error), error_text(error)
    if error.operation_name == "HeadBucket" and code == "403":
        return SENTENCES["BucketAlreadyExists"]
    if code in SENTENCES:
        return SENTENCES[code]
    if code in QUOTA_CODES:
        return f"An AWS quota is used up; ask for more under Service Quotas. AWS says: {text}"
    if code in DENIED_CODES:
        return f"These credentials may not do {error.operation_name}. AWS says: {text}"
    return f"AWS refused {error.operation_name} ({code}): {text}"
