"""The page's bucket: a public website (report, 2.1), or private behind CloudFront with HTTPS."""

from typing import Any

from infra.config import Settings
from infra.stacks.resources import PRIVATE, bucket_policy, encrypted_only, resource

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
# Its published name has a digest.
LISTEN_WORKER = "listen-worker*"
ORIGIN = "site"


def stack_name(settings: Settings) -> str:
    return f"{settings.function}-site"


def template(bucket: str, mode: str, page_policy: str, worker_policy: str) -> dict[str, Any]:
    """Return the stack's template. Output: Address.

    The policies are the Content-Security-Policy that CloudFront sends with the page, and with the
    worker that may compile WebAssembly; a website sends none.
    """
    if mode == WEBSITE:
        resources = website(bucket)
    else:
        resources = distribution(bucket, page_policy, worker_policy)
    website_url = {"Fn::GetAtt": ["Bucket", "WebsiteURL"]}
    secure_url = {"Fn::Sub": "https://${Distribution.DomainName}"}
    address = website_url if mode == WEBSITE else secure_url
    outputs = {"Address": {"Value": address}}
    return {"Description": f"{bucket}: the page", "Resources": resources, "Outputs": outputs}


def website(bucket: str) -> dict[str, Any]:
    """Return the public bucket alone: HTTP only, everybody may read, the root shows the index."""
    shown = {"BucketName": bucket, "WebsiteConfiguration": {"IndexDocument": INDEX}}
    public = resource("S3::Bucket", PublicAccessBlockConfiguration=PUBLIC, **shown)
    return {"Bucket": public, "ReadPolicy": bucket_policy(readable({"Principal": "*"}))}


def distribution(bucket: str, page_policy: str, worker_policy: str) -> dict[str, Any]:
    """Return the private bucket, and the one CloudFront distribution that may read it."""
    control = {
        "Name": bucket,
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    ours = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
    reader = {
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"AWS:SourceArn": {"Fn::Sub": ours}}},
    }
    access = resource("CloudFront::OriginAccessControl", OriginAccessControlConfig=control)
    config = distribution_config(bucket)
    return {
        "Bucket": resource("S3::Bucket", BucketName=bucket, PublicAccessBlockConfiguration=PRIVATE),
        "AccessControl": access,
        "Headers": headers_policy(bucket, page_policy),
        "WorkerHeaders": headers_policy(f"{bucket}-listen", worker_policy),
        "Distribution": resource("CloudFront::Distribution", DistributionConfig=config),
        "ReadPolicy": bucket_policy(readable(reader), encrypted_only()),
    }


def headers_policy(name: str, security_policy: str) -> dict[str, Any]:
    custom = {"Header": "Permissions-Policy", "Value": PERMISSIONS_POLICY, "Override": True}
    config = {
        "Name": name,
        "SecurityHeadersConfig": security_headers(security_policy),
        "CustomHeadersConfig": {"Items": [custom]},
    }
    return resource("CloudFront::ResponseHeadersPolicy", ResponseHeadersPolicyConfig=config)


def security_headers(security_policy: str) -> dict[str, Any]:
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
    worker = {"PathPattern": LISTEN_WORKER, "ResponseHeadersPolicyId": {"Ref": "WorkerHeaders"}}
    return {
        "Comment": comment,
        "Enabled": True,
        "DefaultRootObject": INDEX,
        "Origins": [origin],
        "DefaultCacheBehavior": behaviour,
        "CacheBehaviors": [behaviour | worker],
        "PriceClass": PRICE_CLASS,
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
    }


def readable(who: dict[str, Any]) -> dict[str, Any]:
    """Return the sentence of a bucket policy that says who may read every file."""
    files = {"Fn::Sub": "${Bucket.Arn}/*"}
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": files} | who
