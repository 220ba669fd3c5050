"""Publish the page: on a public website bucket (report, 2.1), or behind CloudFront with HTTPS.

Brings up the site's stack, uploads only what changed, deletes what is gone, and writes the API's
address and the policy that allows it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from infra import config
from infra.change import Change
from infra.cloudformation import (
    NOT_PUBLIC,
    api_address,
    delete_stack,
    ensure_stack,
    find_stack,
    outputs,
    read_outputs,
)
from infra.errors import DeployError, run_cli
from infra.s3 import delete_objects
from infra.session import Account, connect
from infra.site.assets import Asset, make_assets
from infra.site.headers import COMPRESSED, FOR_EVER, content_security_policy, listen_worker_policy
from infra.site.listen import listen_files
from infra.stacks.site import CLOUDFRONT, MODES, WEBSITE, stack_name, template

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def bucket_name(settings: config.Settings, account: str) -> str:
    return f"{settings.function}-site-{account}-{settings.region}"


def publish(
    account: Account, settings: config.Settings, api_base: str, mode: str = ""
) -> list[Change]:
    """Bring the site to the files of frontend/. Safe to run again, also after a failure in it.

    Without a mode it stays behind CloudFront, or becomes as the settings say; a public bucket that
    account or organisation refuse (Block Public Access) goes behind CloudFront too.
    """
    bucket, name = bucket_name(settings, account.account_id), stack_name(settings)
    policies = content_security_policy(api_base), listen_worker_policy()
    chosen = mode or _usual_mode(account, settings)
    try:
        stack = ensure_stack(account, name, template(bucket, chosen, *policies))
    except DeployError as error:
        if mode or not re.search(NOT_PUBLIC, str(error)):
            raise
        chosen = CLOUDFRONT
        stack = ensure_stack(account, name, template(bucket, chosen, *policies))
    assets = make_assets(api_base, policy_in_page=chosen == WEBSITE, listen=listen_files())
    return [stack, *synchronise(account.s3, bucket, assets)]


def _usual_mode(account: Account, settings: config.Settings) -> str:
    """Return CloudFront where it is, else the setting: nothing becomes public again unasked."""
    existing = find_stack(account, stack_name(settings))
    address = outputs(existing).get("Address", "") if existing else ""
    return CLOUDFRONT if address.startswith("https:") else settings.site_mode


def destroy(account: Account, settings: config.Settings) -> Change:
    bucket = bucket_name(settings, account.account_id)
    return delete_stack(account, stack_name(settings), bucket=bucket)


def synchronise(s3: S3Client, bucket: str, assets: list[Asset]) -> list[Change]:
    """Upload what changed, in the order given, then delete what is gone; one Change a file."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    existing = {item["Key"] for page in pages for item in page.get("Contents", [])}
    changed = [asset for asset in assets if not is_same(s3, bucket, asset, existing)]
    changes = [upload(s3, bucket, asset) for asset in changed]
    gone = sorted(existing - {asset.name for asset in assets})
    delete_objects(s3, bucket, gone)
    changes += [Change(f"file {name}", "deleted") for name in gone]
    return changes or [Change(f"{len(assets)} files", "unchanged")]


def is_same(s3: S3Client, bucket: str, asset: Asset, existing: set[str]) -> bool:
    """Return whether the file is there with this content, type and lifetime.

    A digest in its name says so without asking.
    """
    if asset.name not in existing:
        return False
    if asset.cache_control == FOR_EVER:
        return True
    return properties(asset).items() <= s3.head_object(Bucket=bucket, Key=asset.name).items()


def upload(s3: S3Client, bucket: str, asset: Asset) -> Change:
    packed = asset.name.endswith(COMPRESSED)
    body = gzip.compress(asset.content, mtime=0) if packed else asset.content
    s3.put_object(Bucket=bucket, Key=asset.name, Body=body, **properties(asset))
    return Change(f"file {asset.name}", "created")


def properties(asset: Asset) -> dict[str, Any]:
    """Return what S3 keeps beside a file's content, and a digest of that."""
    encoding = {"ContentEncoding": "gzip"} if asset.name.endswith(COMPRESSED) else {}
    return encoding | {
        "ContentType": asset.content_type,
        "CacheControl": asset.cache_control,
        "Metadata": {"sha256": hashlib.sha256(asset.content).hexdigest()},
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.site.publish", description=__doc__)
    parser.add_argument("--stage", default="dev", help="of birdapp/.chalice/config.json (dev)")
    parser.add_argument("--api-base", help="address of another API than the stage's, https://...")
    parser.add_argument("--mode", choices=MODES, help="(as it is, at first site_mode)")
    parser.add_argument("--destroy", action="store_true", help="delete the site")
    given = parser.parse_args(argv)
    return run_cli(lambda: print(*run(given), sep="\n"))


def run(given: argparse.Namespace) -> list[str]:
    settings = config.load(given.stage)
    account = connect(settings.region)
    if given.destroy:
        return [str(destroy(account, settings))]
    api_base = (given.api_base or api_address(account, settings)).rstrip("/")
    changes = publish(account, settings, api_base, given.mode or "")
    return [*map(str, changes), read_outputs(account, stack_name(settings))["Address"]]


if __name__ == "__main__":
    sys.exit(main())
