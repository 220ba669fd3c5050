"""Polite HTTP: one request at a time, pauses, bounded retries, downloads that go on where they were cut."""

import email.utils
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")

USER_AGENT = "bird-sound-training/1.0"
ATTEMPTS = 6
FIRST_WAIT_SECONDS = 2.0
# Who asks us to wait longer means a quota: better to stop and say so.
LONGEST_WAIT_SECONDS = 600.0
TIMEOUT_SECONDS = 60.0
BLOCK_BYTES = 64 * 1024
TOO_BUSY = {408, 425, 429, 500, 502, 503, 504}
NOT_FOR_US = {401, 403}


class FetchError(Exception):
    """What could not be fetched, and why. The address is given without its query, which may hold a key."""

    def __init__(self, url: str, reason: str) -> None:
        """Take the address and a reason that a person can act on."""
        super().__init__(f"{url.partition('?')[0]}: {reason}")


class RefusedError(FetchError):
    """The server will not serve us, now or at all: asking it for more would be rude."""


class GoneError(FetchError):
    """The server works, but does not have this."""


class _AgainError(Exception):
    """This attempt failed in a way that another may not; the server may have said how long to wait."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but show our key to no other host."""

    def redirect_request(
        self, req: urllib.request.Request, *rest: Any
    ) -> urllib.request.Request | None:
        """Answer the request to make next."""
        following = super().redirect_request(req, *rest)
        if following and following.host != req.host:
            following.remove_header("Authorization")
        return following


class Fetcher:
    """Fetches from one archive with the headers that it asks for, pausing before each request."""

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        *,
        pause_seconds: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the headers that prove who we are; `sleep` is for tests."""
        self._headers = {"User-Agent": USER_AGENT, **(headers or {})}
        self._pause_seconds = pause_seconds
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_SafeRedirects)

    def read(self, url: str) -> bytes:
        """Fetch a small answer. Raises FetchError."""
        return self._retried(url, lambda: self._read(url))

    def download(self, url: str, path: Path, check: Callable[[Path], object]) -> None:
        """Fetch a file into `path`, which appears only when it is whole and `check` raised no ValueError on it.

        What came before a cut stays in `path`.part, and the next attempt or run goes on there. Raises FetchError.
        """
        partial = path.with_name(path.name + ".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._retried(url, lambda: self._attempt(url, partial, check))
        partial.replace(path)

    def _read(self, url: str) -> bytes:
        with self._open(url, {}) as response:
            content: bytes = response.read()
        return content

    def _attempt(self, url: str, partial: Path, check: Callable[[Path], object]) -> None:
        resumed = self._append(url, partial)
        try:
            check(partial)
        except ValueError as error:
            partial.unlink()
            if resumed:
                raise _AgainError("the file changed between two attempts") from error
            raise FetchError(url, f"what came is of no use: {error}") from error

    def _append(self, url: str, partial: Path) -> bool:
        """Fetch what is missing in `partial`; tell whether some was there. Raises _AgainError on a cut."""
        there = partial.stat().st_size if partial.exists() else 0
        with self._open_from(url, partial, there) as response:
            start = (
                there
                if response.headers.get("Content-Range", "").startswith(f"bytes {there}-")
                else 0
            )
            _refuse_other_range(response, start)
            with partial.open("ab" if start else "wb") as file:
                while block := response.read(BLOCK_BYTES):
                    file.write(block)
        missing = start + int(response.headers.get("Content-Length", 0)) - partial.stat().st_size
        if missing > 0:
            raise _AgainError(f"the connection was cut {missing} bytes before the end")
        return start > 0

    def _open_from(self, url: str, partial: Path, there: int) -> Any:
        try:
            return self._open(url, {"Range": f"bytes={there}-"} if there else {})
        except GoneError as error:
            if there:
                # 416, or gone since: what we have is not the beginning of what is there now.
                partial.unlink()
                raise _AgainError(str(error)) from error
            raise

    def _open(self, url: str, headers: Mapping[str, str]) -> Any:
        request = urllib.request.Request(url, headers={**self._headers, **headers})  # noqa: S310 - ours or the archive's
        self._sleep(self._pause_seconds)
        try:
            return self._opener.open(request, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as error:
            with error:
                raise _translate(url, error) from error

    def _retried(self, url: str, attempt: Callable[[], Result]) -> Result:
        """Call `attempt` until it succeeds, waiting longer each time, or as long as the server asks."""
        reason = ""
        for turn in range(ATTEMPTS):
            try:
                return attempt()
            except (_AgainError, OSError, http.client.HTTPException) as error:
                reason = str(error) or type(error).__name__
                asked = error.wait_seconds if isinstance(error, _AgainError) else 0.0
            if asked > LONGEST_WAIT_SECONDS:
                raise RefusedError(url, f"the server asks us to come back in {asked:.0f} s")
            if turn < ATTEMPTS - 1:
                self._sleep(max(asked, FIRST_WAIT_SECONDS * 2**turn))
        raise FetchError(url, f"{ATTEMPTS} attempts failed, the last one so: {reason}")


def _refuse_other_range(response: Any, start: int) -> None:
    if response.status == http.HTTPStatus.PARTIAL_CONTENT and not start:
        raise _AgainError("the server sent another part than the one asked for")


def _translate(url: str, error: urllib.error.HTTPError) -> Exception:
    """Turn an HTTP status into what to do about it."""
    if error.code in TOO_BUSY:
        return _AgainError(
            f"status {error.code}", _wait_seconds(error.headers.get("Retry-After", ""))
        )
    if error.code in NOT_FOR_US:
        return RefusedError(
            url, f"status {error.code}: is the key right, and did you accept the archive's rules?"
        )
    return GoneError(url, f"status {error.code}")


def _wait_seconds(retry_after: str) -> float:
    """Read Retry-After, which is seconds or a date; 0 where it is neither."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
