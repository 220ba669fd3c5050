"""API Gateway's own answers, in the contract's error shape and with CORS.

Chalice adds CORS only to what the Lambda answers; a browser hides every other answer from the page.
"""

import json
from typing import Any

from birdapp.chalicelib.errors import MESSAGES, RETRY_AFTER_SECONDS, STATUSES

# The contract's code -> API Gateway's names. No address here asks for a key or signature: whoever
# is told that one is missing or wrong has asked for an address that is not there.
KINDS = {
    "not_found": "ACCESS_DENIED EXPIRED_TOKEN INVALID_API_KEY INVALID_SIGNATURE "
    "MISSING_AUTHENTICATION_TOKEN RESOURCE_NOT_FOUND UNAUTHORIZED",
    "bad_request_body": "BAD_REQUEST_BODY BAD_REQUEST_PARAMETERS DEFAULT_4XX",
    "payload_too_large": "REQUEST_TOO_LARGE",
    "unsupported_media_type": "UNSUPPORTED_MEDIA_TYPE",
    "rate_limited": "QUOTA_EXCEEDED THROTTLED",
    "internal": "API_CONFIGURATION_ERROR AUTHORIZER_CONFIGURATION_ERROR AUTHORIZER_FAILURE",
    "upstream_timeout": "INTEGRATION_TIMEOUT",
    # The Lambda broke down, or as many run as are allowed to.
    "upstream_unavailable": "INTEGRATION_FAILURE DEFAULT_5XX",
}
CODES = {kind: code for code, kinds in KINDS.items() for kind in kinds.split()}
HEADER = "gatewayresponse.header."


def gateway_responses(cors_origins: str) -> dict[str, Any]:
    """Return the OpenAPI extension of that name; `cors_origins` is "*" or a list with commas."""
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
