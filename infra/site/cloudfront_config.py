"""What CloudFront shall be told, as data: who may ask the bucket, which headers go out, what is kept where."""

from typing import Any

from infra.site.assets import INDEX
from infra.site.headers import HSTS_SECONDS, PERMISSIONS_POLICY, content_security_policy

# AWS's own policy "CachingOptimized": compressed, kept as the file's Cache-Control says.
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# North America and Europe: the cheapest class, and where the birds of this product sing.
PRICE_CLASS = "PriceClass_100"
ORIGIN = "site"


def access_control(name: str) -> dict[str, Any]:
    """Let CloudFront sign its questions to the bucket."""
    return {
        "Name": name,
        "Description": "",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }


def headers_policy(name: str, api_base: str) -> dict[str, Any]:
    """Write the security headers of every answer."""
    security = {
        "ContentSecurityPolicy": {
            "ContentSecurityPolicy": content_security_policy(api_base),
            "Override": True,
        },
        "ContentTypeOptions": {"Override": True},
        "FrameOptions": {"FrameOption": "DENY", "Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": True},
        "StrictTransportSecurity": {
            "AccessControlMaxAgeSec": HSTS_SECONDS,
            "IncludeSubdomains": False,
            "Preload": False,
            "Override": True,
        },
    }
    permissions = {"Header": "Permissions-Policy", "Value": PERMISSIONS_POLICY, "Override": True}
    return {
        "Name": name,
        "Comment": "",
        "SecurityHeadersConfig": security,
        "CustomHeadersConfig": {"Quantity": 1, "Items": [permissions]},
    }


def distribution(bucket: str, region: str, *, control_id: str, headers_id: str) -> dict[str, Any]:
    """Write the distribution. Its comment, the bucket's name, is how a later run finds it."""
    origin = {
        "Id": ORIGIN,
        "DomainName": f"{bucket}.s3.{region}.amazonaws.com",
        "OriginPath": "",
        "CustomHeaders": {"Quantity": 0},
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": control_id,
    }
    methods = {"Quantity": 2, "Items": ["GET", "HEAD"]}
    behaviour = {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": methods | {"CachedMethods": methods},
        "Compress": True,
        "CachePolicyId": CACHING_OPTIMIZED,
        "ResponseHeadersPolicyId": headers_id,
    }
    return {
        "CallerReference": bucket,
        "Comment": bucket,
        "Enabled": True,
        "DefaultRootObject": INDEX,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behaviour,
        "PriceClass": PRICE_CLASS,
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
    }
