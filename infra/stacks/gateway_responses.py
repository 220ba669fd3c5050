"""API Gateway's own answers in the contract's error shape, with CORS (docs/contracts.md).

Chalice adds CORS only to what the Lambda answers; a browser hides every other answer from the page.
"""

import json
from typing import Any

from birdapp.chalicelib.errors import MESSAGES, RETRY_AFTER_SECONDS, STATUSES

# API Gateway's name -> the contract's code. No address here asks for a key or signature: whoever is
# told that one is missing or wrong has asked for an address that is not there.
CODES = {
    "ACCESS_DENIED": "not_found",
    "EXPIRED_TOKEN": "not_found",
    "INVALID_API_KEY": "not_found",
    "INVALID_SIGNATURE": "not_found",
    "MISSING_AUTHENTICATION_TOKEN": "not_found",
    "RESOURCE_NOT_FOUND": "not_found",
    "UNAUTHORIZED": "not_found",
    "BAD_REQUEST_BODY": "bad_request_body",
    "BAD_REQUEST_PARAMETERS": "bad_request_body",
    "REQUEST_TOO_LARGE": "payload_too_large",
    "UNSUPPORTED_MEDIA_TYPE": "unsupported_media_type",
    "QUOTA_EXCEEDED": "rate_limited",
    "THROTTLED": "rate_limited",
    "API_CONFIGURATION_ERROR": "internal",
    "AUTHORIZER_CONFIGURATION_ERROR": "internal",
    "AUTHORIZER_FAILURE": "internal",
    "INTEGRATION_TIMEOUT": "upstream_timeout",
    # The Lambda broke down, or as many run as are allowed to.
    "INTEGRATION_FAILURE": "upstream_unavailable",
    "DEFAULT_4XX": "bad_request_body",
    "DEFAULT_5XX": "upstream_unavailable",
}
HEADER = "gatewayresponse.header."


def gateway_responses(cors_origins: str) -> dict[str, Any]:
    """Return OpenAPI's x-amazon-apigateway-gateway-responses.

    `cors_origins` is "*" or a list with commas.
    """
    return {kind: _response(code, _cors(cors_origins)) for kind, code in CODES.items()}


def _response(code: str, headers: dict[str, str]) -> dict[str, Any]:
    if code in RETRY_AFTER_SECONDS:
        headers = headers | {"Retry-After": f"'{RETRY_AFTER_SECONDS[code]}'"}
    body = {"error": {"code": code, "message": MESSAGES[code], "request_id": "$context.requestId"}}
    return {
        "statusCode": str(STATUSES[code]),
        "responseParameters": {HEADER + name: value for name, value in headers.items()},
        "responseTemplates": {"application/json": json.dumps(body)},
    }


def _cors(origins: str) -> dict[str, str]:
    """Allow the origins to read the answer.

    The gateway cannot choose from a list: there it repeats what it was asked. Its own answers hold
    nothing but these texts.
    """
    listed = [origin.strip() for origin in origins.split(",")]
    allowed = f"'{listed[0]}'" if len(listed) == 1 else "method.request.header.Origin"
    headers = {
        "Access-Control-Allow-Origin": allowed,
        "Access-Control-Expose-Headers": "'Retry-After'",
    }
    return headers if listed == ["*"] else headers | {"Vary": "'Origin'"}
