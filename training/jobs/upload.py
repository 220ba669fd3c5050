"""Files -> S3, each checked by SHA-256; what is there already is not sent again."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from tqdm import tqdm

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 64 * 1024 * 1024
# S3 takes no more; the parts of a larger file are larger.
MAX_PARTS = 10_000


def upload(
    client: "S3Client", folder: Path, names: Sequence[str], bucket: str, prefix: str
) -> list[str]:
    """Upload files of `folder` below `prefix`; return their addresses.

    A file that was stopped starts again. Raises ValueError where S3 then holds something else than
    was sent, and botocore's ClientError.
    """
    for name in tqdm(names, desc="upload", unit="file"):
        upload_file(client, folder / name, bucket, f"{prefix}/{name}")
    return [f"s3://{bucket}/{prefix}/{name}" for name in names]


def upload_sealed(
    client: "S3Client", folder: Path, names: Sequence[str], bucket: str, prefix: str
) -> list[str]:
    """Upload as `upload` does, but remove another last file first: it means that all are there."""
    key = f"{prefix}/{names[-1]}"
    if _stored_checksum(client, bucket, key) not in {"", _checksum(folder / names[-1])}:
        client.delete_object(Bucket=bucket, Key=key)
    return upload(client, folder, names, bucket, prefix)


def withdraw(client: "S3Client", bucket: str, key: str) -> None:
    """Delete an object, if there is one."""
    if _stored_checksum(client, bucket, key):
        client.delete_object(Bucket=bucket, Key=key)


def upload_file(client: "S3Client", path: Path, bucket: str, key: str) -> None:
    """Upload one file unless S3 has it. Raises ValueError, and botocore's ClientError."""
    whole = _checksum(path)
    if _stored_checksum(client, bucket, key) == whole:
        return
    config = TransferConfig(
        multipart_threshold=PART_BYTES + 1, multipart_chunksize=_part_bytes(path)
    )
    checked = {"ChecksumAlgorithm": "SHA256"}
    client.upload_file(str(path), bucket, key, ExtraArgs=checked, Config=config)
    if _stored_checksum(client, bucket, key) != whole:
        raise ValueError(f"s3://{bucket}/{key} does not hold what was sent; upload it again")


def _checksum(path: Path) -> str:
    """Return a file's SHA-256, or that of its parts' SHA-256, as S3 writes it."""
    digests = [hashlib.sha256(part).digest() for part in _parts(path)]
    whole = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
    return base64.b64encode(whole).decode("ascii")


def _parts(path: Path) -> Iterator[bytes]:
    """Cut a file into parts; an empty file is one empty part."""
    with path.open("rb") as file:
        yield file.read(_part_bytes(path))
        while part := file.read(_part_bytes(path)):
            yield part


def _part_bytes(path: Path) -> int:
    return max(PART_BYTES, -(-path.stat().st_size // MAX_PARTS))


def _stored_checksum(client: "S3Client", bucket: str, key: str) -> str:
    """Return an object's SHA-256, or that of its parts' SHA-256; "" where there is no object.

    S3 writes "-<parts>" behind the second.
    """
    try:
        answer = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return ""
        raise
    return answer.get("ChecksumSHA256", "").partition("-")[0]
