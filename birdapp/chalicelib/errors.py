"""Every error of the public API: its code, its HTTP status and its words (docs/contracts.md)."""

from typing import Any

from .formats import in_words

STATUSES = {
    "bad_request_body": 400,
    "missing_field": 400,
    "invalid_field": 400,
    "invalid_base64": 400,
    "empty_audio": 400,
    "not_found": 404,
    "method_not_allowed": 405,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "unsupported_audio": 415,
    "undecodable_audio": 422,
    "no_audio_stream": 422,
    "audio_too_short": 422,
    "audio_too_long": 422,
    "silent_audio": 422,
    "rate_limited": 429,
    "internal": 500,
    "upstream_error": 502,
    "upstream_invalid": 502,
    "upstream_unavailable": 503,
    "upstream_timeout": 504,
}

PLEASE = f"Please use {in_words()}."
# What unsupported_audio says where the container is known, and the sound in it is not.
UNKNOWN_SOUND = f"This kind of sound is not known. {PLEASE}"

MESSAGES = {
    "bad_request_body": 'Expected a JSON object such as {"data": "<base64 of an audio file>"}.',
    "missing_field": 'Expected the field "data" with the recording in base64, but it is missing.',
    "invalid_field": "A field of the request holds something else than expected.",
    "invalid_base64": (
        'Expected standard base64 without line breaks in "data", but it holds something else.'
    ),
    "empty_audio": "The recording is empty.",
    "not_found": "There is nothing at this address. Try POST /classify or GET /species.",
    "method_not_allowed": "This address answers another method.",
    "payload_too_large": (
        "The recording is larger than 4 MiB. Please send a shorter or more compressed one."
    ),
    "unsupported_media_type": (
        'Expected uncompressed JSON with the header "Content-Type: application/json".'
    ),
    "unsupported_audio": f"This is not a sound file that we know. {PLEASE}",
    "undecodable_audio": "The sound in this file cannot be read. It may be damaged.",
    "no_audio_stream": "There is no sound in this file.",
    "audio_too_short": "The recording is too short. At least half a second is needed.",
    "audio_too_long": "The recording is too long. Please send at most 60 seconds at a time.",
    "silent_audio": "The recording is silent, or too quiet to hear anything in it.",
    "rate_limited": "Too many requests at the moment. Please try again in a few seconds.",
    "internal": "Something went wrong on our side. It is our mistake.",
    "upstream_error": "The bird recogniser could not answer. Please try again later.",
    "upstream_invalid": (
        "The bird recogniser gave an answer that makes no sense. Please try again later."
    ),
    "upstream_unavailable": "The bird recogniser is not ready. Please try again in a few seconds.",
    "upstream_timeout": "The bird recogniser took too long to answer. Please try again.",
}

# Seconds after which a client may try again; only these codes carry the header.
RETRY_AFTER_SECONDS = {"rate_limited": 1, "upstream_unavailable": 5}


class ServiceError(Exception):
    """A request that cannot be answered.

    `code` and `message` go to the client, `detail` only to the log.
    """

    def __init__(self, code: str, message: str | None = None, *, detail: str = "") -> None:
        """Take a code of STATUSES; the message is the code's own unless a better one is known."""
        self.code = code
        self.message = message or MESSAGES[code]
        self.detail = detail
        super().__init__(f"{code}: {detail or self.message}")

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return STATUSES[self.code]

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the error: Retry-After where trying again makes sense."""
        seconds = RETRY_AFTER_SECONDS.get(self.code)
        return {} if seconds is None else {"Retry-After": str(seconds)}

    def body(self, request_id: str) -> dict[str, Any]:
        """The one shape that all errors have."""
        return {"error": {"code": self.code, "message": self.message, "request_id": request_id}}
