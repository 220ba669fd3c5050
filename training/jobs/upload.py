"""Files -> S3: in parts, so that a stopped upload goes on, each part and the whole checked by SHA-256."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from tqdm import tqdm

PART_BYTES = 64 * 1024 * 1024
# S3 takes no more; the parts of a larger file are larger.
MAX_PARTS = 10_000
Parts = dict[int, dict[str, Any]]


def upload(client: Any, folder: Path, names: Sequence[str], bucket: str, prefix: str) -> list[str]:
    """Upload files of `folder` below `prefix`; answer their addresses. What is there already is left as it is.

    Raises ValueError where S3 then holds something else than was sent, and botocore's ClientError.
    """
    for name in tqdm(names, desc="upload", unit="file"):
        upload_file(client, folder / name, {"Bucket": bucket, "Key": f"{prefix}/{name}"})
    return [f"s3://{bucket}/{prefix}/{name}" for name in names]


def upload_sealed(
    client: Any, folder: Path, names: Sequence[str], bucket: str, prefix: str
) -> list[str]:
    """Upload as `upload` does, but remove another last file first: while it is there, all others belong to it."""
    seal = {"Bucket": bucket, "Key": f"{prefix}/{names[-1]}"}
    if _stored_checksum(client, seal) not in {"", _checksum(folder / names[-1])}:
        client.delete_object(**seal)
    return upload(client, folder, names, bucket, prefix)


def upload_file(client: Any, path: Path, target: dict[str, str]) -> None:
    """Upload one file to `target` (Bucket and Key); a large one goes on where a stopped upload was."""
    whole = _checksum(path)
    if _stored_checksum(client, target) == whole:
        return
    if path.stat().st_size <= PART_BYTES:
        client.put_object(
            **target, Body=path.read_bytes(), ChecksumAlgorithm="SHA256", ChecksumSHA256=whole
        )
    else:
        _upload_in_parts(client, path, target)
    if _stored_checksum(client, target) != whole:
        raise ValueError(
            f"s3://{target['Bucket']}/{target['Key']} does not hold what was sent; upload it again"
        )


def _checksum(path: Path) -> str:
    """SHA-256 of a file, or over those of its parts, as S3 writes it."""
    digests = [hashlib.sha256(part).digest() for part in _parts(path)]
    return _text(digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest())


def _upload_in_parts(client: Any, path: Path, target: dict[str, str]) -> None:
    upload_id, present = _running_upload(client, target)
    sent = {"UploadId": upload_id, **target}
    parts = [
        _send(client, sent, present, number, part) for number, part in enumerate(_parts(path), 1)
    ]
    client.complete_multipart_upload(**sent, MultipartUpload={"Parts": parts})


def _parts(path: Path) -> Iterator[bytes]:
    """Cut a file into parts; an empty file is one empty part."""
    part_bytes = max(PART_BYTES, -(-path.stat().st_size // MAX_PARTS))
    with path.open("rb") as file:
        yield file.read(part_bytes)
        while part := file.read(part_bytes):
            yield part


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


def _stored_checksum(client: Any, target: dict[str, str]) -> str:
    """SHA-256 of an object, or over those of its parts (S3 then writes "-<parts>" behind it); "" where nothing is."""
    try:
        answer = client.head_object(**target, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return ""
        raise
    return str(answer.get("ChecksumSHA256", "")).partition("-")[0]


def _running_upload(client: Any, target: dict[str, str]) -> tuple[str, Parts]:
    """Find the upload that was stopped and the parts that it has, or start one."""
    answer = client.list_multipart_uploads(Bucket=target["Bucket"], Prefix=target["Key"])
    ids = [
        upload["UploadId"]
        for upload in answer.get("Uploads", [])
        if upload["Key"] == target["Key"] and upload.get("ChecksumAlgorithm") == "SHA256"
    ]
    if not ids:
        return str(
            client.create_multipart_upload(**target, ChecksumAlgorithm="SHA256")["UploadId"]
        ), {}
    pages = client.get_paginator("list_parts").paginate(**target, UploadId=ids[-1])
    return str(ids[-1]), {
        part["PartNumber"]: part for page in pages for part in page.get("Parts", [])
    }


def _send(
    client: Any, sent: dict[str, str], present: Parts, number: int, part: bytes
) -> dict[str, Any]:
    """Send a part unless S3 has the same already; answer what completing the upload needs to know of it."""
    checksum = _text(hashlib.sha256(part).digest())
    found = present.get(number, {})
    # S3 tells the checksum of a part; what stands in for it in tests tells only the MD5.
    md5 = hashlib.md5(part, usedforsecurity=False).hexdigest()
    same = found.get("ChecksumSHA256") == checksum or found.get("ETag", "").strip('"') == md5
    answer = (
        found
        if same
        else client.upload_part(**sent, PartNumber=number, Body=part, ChecksumSHA256=checksum)
    )
    return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}
