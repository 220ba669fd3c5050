"""Request headers and body -> a checked request (docs/contracts.md, "POST /classify")."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from chalice.app import Request

from .errors import ServiceError

MAX_AUDIO_BYTES = 4 * 1024 * 1024
DEFAULT_TOP = 5
MAX_TOP = 20


@dataclass(frozen=True)
class ClassifyRequest:
    """The bytes of one audio file, and how many species each list of the answer may hold."""

    audio: bytes
    top: int


def parse_classify(request: Request) -> ClassifyRequest:
    """Return a checked request for POST /classify.

    Raises ServiceError with a code of status 400, 413 or 415.
    """
    _check_media_type(request.headers)
    fields = _parse_object(request)
    if "data" not in fields:
        raise ServiceError("missing_field")
    return ClassifyRequest(_parse_audio(fields["data"]), _parse_top(fields.get("top", DEFAULT_TOP)))


def _check_media_type(headers: Mapping[str, str]) -> None:
    media_type, *parameters = [
        part.strip().lower() for part in headers.get("content-type", "").split(";")
    ]
    known = all(parameter.replace('"', "") in {"", "charset=utf-8"} for parameter in parameters)
    compressed = headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}
    if media_type != "application/json" or not known or compressed:
        raise ServiceError("unsupported_media_type")


def _parse_object(request: Request) -> dict[str, Any]:
    """Parse strict JSON: UTF-8, no NaN, no field twice, an object at the top."""
    try:
        raw = request.raw_body
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:  # A hundred thousand "[" are a RecursionError.
        raise ServiceError("bad_request_body", detail=type(error).__name__) from error
    if not isinstance(value, dict):
        raise ServiceError("bad_request_body")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands twice")
    return fields


def _parse_audio(data: object) -> bytes:
    if not isinstance(data, str):
        raise ServiceError("invalid_field", 'Expected text in "data": the recording in base64.')
    if not data:
        raise ServiceError("empty_audio")
    if len(data) // 4 * 3 - data[-2:].count("=") > MAX_AUDIO_BYTES:
        raise ServiceError("payload_too_large")
    try:
        audio = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("invalid_base64") from error
    # Python also takes "QUJD=" and "QR==", which no encoder writes.
    if base64.b64encode(audio).decode("ascii") != data:
        raise ServiceError("invalid_base64")
    return audio


def _parse_top(top: object) -> int:
    if not isinstance(top, int) or isinstance(top, bool) or not 1 <= top <= MAX_TOP:
        raise ServiceError(
            "invalid_field", f'Expected a whole number from 1 to {MAX_TOP} in "top".'
        )
    return top
