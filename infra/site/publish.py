"""Publish the page: on a public website bucket (report, 2.1), or on a private one behind CloudFront with HTTPS.

Uploads only what changed, deletes what is gone, and writes the API's address and the policy that allows it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from infra import config
from infra.change import Change
from infra.cloudformation import api_address
from infra.errors import in_a_sentence
from infra.s3 import delete_bucket
from infra.session import connect
from infra.site import bucket as site_bucket
from infra.site import cloudfront as cdn
from infra.site import cloudfront_config
from infra.site.assets import Asset, make_assets

WEBSITE, CLOUDFRONT = "website", "cloudfront"
MODES = (WEBSITE, CLOUDFRONT)
# Older regions have a dash in the website's address (R: AWS General Reference, S3 website endpoints).
DASHED_REGIONS = (
    "us-east-1 us-west-1 us-west-2 ap-southeast-1 ap-southeast-2 ap-northeast-1 eu-west-1 sa-east-1".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Site:
    """Where the page shall stand and which API it asks. CloudFront is asked every `poll_seconds` whether it is done."""

    bucket: str
    region: str
    api_base: str
    mode: str
    poll_seconds: float = 15.0


@dataclass(frozen=True)
class Published:
    """What became of each part, and the page's address."""

    changes: list[Change]
    url: str


def default_mode(stage: str) -> str:
    """Give prod HTTPS, without which no browser lends its microphone; a quick bucket is enough for the rest."""
    return CLOUDFRONT if stage == "prod" else WEBSITE


def bucket_name(stage: config.Settings, account: str) -> str:
    """Name the site's bucket of a stage."""
    return f"{stage.function}-site-{account}"


def publish(s3: Any, cloudfront: Any, site: Site) -> Published:
    """Bring the site to the files of frontend/. Safe to run again, also after a failure anywhere in it."""
    assets = make_assets(site.api_base, policy_in_page=site.mode == WEBSITE)
    return (publish_website if site.mode == WEBSITE else publish_distribution)(
        s3, cloudfront, site, assets
    )


def publish_website(s3: Any, _cloudfront: Any, site: Site, assets: list[Asset]) -> Published:
    """Publish on the public bucket alone: HTTP only."""
    changes = site_bucket.ensure_website(s3, site.bucket) + site_bucket.synchronise(
        s3, site.bucket, assets
    )
    return Published(changes, website_url(site.bucket, site.region))


def website_url(bucket: str, region: str) -> str:
    """Say where S3 serves a website bucket."""
    separator = "-" if region in DASHED_REGIONS else "."
    return f"http://{bucket}.s3-website{separator}{region}.amazonaws.com"


def publish_distribution(s3: Any, cloudfront: Any, site: Site, assets: list[Asset]) -> Published:
    """Publish on the private bucket behind CloudFront; a new distribution takes some minutes to be everywhere."""
    changes = site_bucket.ensure_private_bucket(s3, site.bucket) + site_bucket.synchronise(
        s3, site.bucket, assets
    )
    control, control_id = cdn.ensure_access_control(cloudfront, site.bucket)
    headers, headers_id = cdn.ensure_headers_policy(
        cloudfront, cloudfront_config.headers_policy(site.bucket, site.api_base)
    )
    wanted = cloudfront_config.distribution(
        site.bucket, site.region, control_id=control_id, headers_id=headers_id
    )
    made, standing = cdn.ensure_distribution(cloudfront, wanted)
    policy = site_bucket.distribution_policy(site.bucket, standing["ARN"])
    changes += [control, headers, made, site_bucket.ensure_policy(s3, site.bucket, policy)]
    cdn.settled(cloudfront, standing["Id"], site.poll_seconds)
    return Published(changes, f"https://{standing['DomainName']}")


def destroy(s3: Any, cloudfront: Any, bucket: str, *, poll_seconds: float = 15.0) -> list[Change]:
    """Delete the site with all its files, whichever way it was published."""
    return [
        cdn.delete_distribution(cloudfront, bucket, poll_seconds),
        *cdn.delete_policies(cloudfront, bucket),
        delete_bucket(s3, bucket),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.site.publish", description=__doc__)
    parser.add_argument("--stage", default="dev", help="of birdapp/.chalice/config.json (dev)")
    parser.add_argument(
        "--api-base", help="address of another API than the stage's own, https://..."
    )
    parser.add_argument("--mode", choices=MODES, help="(cloudfront for prod, website for the rest)")
    parser.add_argument("--destroy", action="store_true", help="delete the site")
    given = parser.parse_args(argv)
    return in_a_sentence(lambda: print(*run(given), sep="\n"))


def run(given: argparse.Namespace) -> list[str]:
    """Do what was asked; one line for each thing that was done, the address last."""
    stage = config.load(given.stage)
    session = boto3.session.Session(region_name=stage.region)
    s3, cloudfront = session.client("s3"), session.client("cloudfront")
    bucket = bucket_name(stage, session.client("sts").get_caller_identity()["Account"])
    if given.destroy:
        return [str(change) for change in destroy(s3, cloudfront, bucket)]
    api_base = given.api_base or api_address(connect(stage.region), stage)
    site = Site(bucket, stage.region, api_base.rstrip("/"), given.mode or default_mode(given.stage))
    published = publish(s3, cloudfront, site)
    return [*map(str, published.changes), published.url]


if __name__ == "__main__":
    sys.exit(main())
