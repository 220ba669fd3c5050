"""What both AWS clients share: how they are made, and which failure of theirs is which of ours."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NoReturn

import boto3
import botocore.session
from botocore import exceptions
from botocore.config import Config

from .errors import ServiceError

CONNECT_SECONDS = 1
MAX_CONNECTIONS = 32
UNAVAILABLE_STATUSES = {429, 503}
# SageMaker throttles with a 400.
UNAVAILABLE_CODES = {"ThrottlingException"}
MAX_DETAIL_CHARACTERS = 300
PLACEHOLDER_REGION = "eu-west-1"

_making = threading.Lock()


def client(service: str, read_seconds: int) -> Any:
    """Return the boto3 client of a service: made on first use (240 ms), then the same one.

    `read_seconds` ends a dead socket. boto3 itself would try again after a read timeout, three
    times 60 s for one hung call.
    """
    with _making:
        return _make_client(service, read_seconds)


@lru_cache
def _make_client(service: str, read_seconds: int) -> Any:
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 1},
        max_pool_connections=MAX_CONNECTIONS,
        tcp_keepalive=True,
    )
    core = botocore.session.Session()
    # A Lambda's credentials are in its environment; nobody waits for an EC2 machine that is none.
    core.set_config_variable("metadata_service_num_attempts", 0)
    session = boto3.Session(botocore_session=core)
    # AWS refuses these keys, a local endpoint does not look at them, a Lambda has its own.
    # They are not in .chalice/config.json: Chalice would deploy with them, and to the Lambda.
    key = None if session.get_credentials() else "none"
    make: Callable[..., Any] = session.client
    return make(
        service,
        region_name=session.region_name or PLACEHOLDER_REGION,
        config=config,
        aws_access_key_id=key,
        aws_secret_access_key=key,
    )


def send(operation: Callable[..., Any], **arguments: Any) -> Any:
    """Call AWS, and once more where the connection was closed: it may have died as a Lambda slept.

    Both hops only compute, so twice does no harm. Raises what boto3 raises.
    """
    try:
        return operation(**arguments)
    except exceptions.ConnectionClosedError:
        return operation(**arguments)


def invoke(lambda_client: Any, function: str, payload: bytes, hop: str) -> bytes:
    """Return what a Lambda returns. Raises ServiceError with an upstream code."""
    with upstream_errors(hop):
        answer = send(lambda_client.invoke, FunctionName=function, Payload=payload)
        returned = bytes(answer["Payload"].read())
    if "FunctionError" in answer:
        detail = f"{hop}: {returned[:MAX_DETAIL_CHARACTERS].decode('utf-8', 'replace')}"
        raise ServiceError("upstream_error", detail=detail)
    return returned


@contextmanager
def upstream_errors(hop: str) -> Iterator[None]:
    """Raise what boto3 raises inside as ServiceError, with a code that begins with "upstream_"."""
    try:
        yield
    except exceptions.ReadTimeoutError as error:
        _fail("upstream_timeout", hop, error)
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        _fail("upstream_unavailable", hop, error)
    except exceptions.ClientError as error:
        _fail("upstream_unavailable" if _is_unavailable(error) else "upstream_error", hop, error)
    except exceptions.BotoCoreError as error:
        _fail("upstream_error", hop, error)


def _is_unavailable(error: exceptions.ClientError) -> bool:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status in UNAVAILABLE_STATUSES or error.response["Error"]["Code"] in UNAVAILABLE_CODES


def _fail(code: str, hop: str, error: Exception) -> NoReturn:
    detail = f"{hop}: {type(error).__name__}: {error}"
    raise ServiceError(code, detail=detail[:MAX_DETAIL_CHARACTERS]) from error
