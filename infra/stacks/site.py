"""The page's bucket: a public website (report, 2.1), or private behind CloudFront with HTTPS."""

from typing import Any

from infra.config import Settings
from infra.stacks.resources import PRIVATE, resource

WEBSITE, CLOUDFRONT = "website", "cloudfront"
MODES = (WEBSITE, CLOUDFRONT)
PUBLIC = PRIVATE | {"BlockPublicPolicy": False, "RestrictPublicBuckets": False}
# AWS's own policy "CachingOptimized": compressed, kept as the file's Cache-Control says.
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# North America and Europe: the cheapest class, and where the birds of this product sing.
PRICE_CLASS = "PriceClass_100"
# The page asks for the microphone, for nothing else.
PERMISSIONS_POLICY = "microphone=(self), camera=(), geolocation=(), payment=(), usb=()"
HSTS_SECONDS = 31_536_000
INDEX = "index.html"
ORIGIN = "site"


def stack_name(settings: Settings) -> str:
    """Return the stack's name."""
    return f"{settings.function}-site"


def template(bucket: str, mode: str, security_policy: str) -> dict[str, Any]:
    """Return the stack's template. Output: Address.

    `security_policy` is the Content-Security-Policy that CloudFront sends; a website sends none.
    """
    resources = website(bucket) if mode == WEBSITE else distribution(bucket, security_policy)
    address = (
        {"Fn::GetAtt": ["Bucket", "WebsiteURL"]}
        if mode == WEBSITE
        else {"Fn::Sub": "https://${Distribution.DomainName}"}
    )
    return {
        "Description": f"{bucket}: the page",
        "Resources": resources,
        "Outputs": {"Address": {"Value": address}},
    }


def website(bucket: str) -> dict[str, Any]:
    """Return the public bucket alone: HTTP only, everybody may read, the root shows the index."""
    shown = {"WebsiteConfiguration": {"IndexDocument": INDEX}}
    return {
        "Bucket": resource(
            "S3::Bucket", BucketName=bucket, PublicAccessBlockConfiguration=PUBLIC, **shown
        ),
        "ReadPolicy": read_policy({"Principal": "*"}),
    }


def distribution(bucket: str, security_policy: str) -> dict[str, Any]:
    """Return the private bucket, and the one CloudFront distribution that may read it."""
    control = {
        "Name": bucket,
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    headers = {
        "Name": bucket,
        "SecurityHeadersConfig": security_headers(security_policy),
        "CustomHeadersConfig": {
            "Items": [
                {"Header": "Permissions-Policy", "Value": PERMISSIONS_POLICY, "Override": True}
            ]
        },
    }
    account = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}"
    only_ours = {
        "StringEquals": {"AWS:SourceArn": {"Fn::Sub": account + ":distribution/${Distribution}"}}
    }
    return {
        "Bucket": resource("S3::Bucket", BucketName=bucket, PublicAccessBlockConfiguration=PRIVATE),
        "AccessControl": resource(
            "CloudFront::OriginAccessControl", OriginAccessControlConfig=control
        ),
        "Headers": resource(
            "CloudFront::ResponseHeadersPolicy", ResponseHeadersPolicyConfig=headers
        ),
        "Distribution": resource(
            "CloudFront::Distribution", DistributionConfig=distribution_config(bucket)
        ),
        "ReadPolicy": read_policy(
            {"Principal": {"Service": "cloudfront.amazonaws.com"}, "Condition": only_ours}
        ),
    }


def security_headers(security_policy: str) -> dict[str, Any]:
    """Return the security headers of every answer."""
    kinds: dict[str, dict[str, Any]] = {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": security_policy},
        "ContentTypeOptions": {},
        "FrameOptions": {"FrameOption": "DENY"},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer"},
        "StrictTransportSecurity": {
            "AccessControlMaxAgeSec": HSTS_SECONDS,
            "IncludeSubdomains": False,
            "Preload": False,
        },
    }
    return {kind: values | {"Override": True} for kind, values in kinds.items()}


def distribution_config(comment: str) -> dict[str, Any]:
    """Return the distribution's settings; the comment is how a person finds it in the console."""
    origin = {
        "Id": ORIGIN,
        "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": {"Ref": "AccessControl"},
    }
    behaviour = {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": ["GET", "HEAD"],
        "CachedMethods": ["GET", "HEAD"],
        "Compress": True,
        "CachePolicyId": CACHING_OPTIMIZED,
        "ResponseHeadersPolicyId": {"Ref": "Headers"},
    }
    return {
        "Comment": comment,
        "Enabled": True,
        "DefaultRootObject": INDEX,
        "Origins": [origin],
        "DefaultCacheBehavior": behaviour,
        "PriceClass": PRICE_CLASS,
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
    }


def read_policy(who: dict[str, Any]) -> dict[str, Any]:
    """Return a bucket policy of one sentence: who may read every file."""
    files = {"Fn::Sub": "${Bucket.Arn}/*"}
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": files} | who
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    return resource("S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=document)
