"""Polite HTTP: one request at a time, pauses, bounded retries, downloads that go on where cut."""

import http
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader

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
# Follows redirects and shows our key to no other host. Failures are retried here, not there: a body
# that was cut must go on where it was.
REDIRECTS = urllib3.Retry(redirect=5, connect=0, read=0, status=0, other=0, total=None)


class FetchError(Exception):
    """What could not be fetched, and why; without the address's query, which may hold a key."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url.partition('?')[0]}: {reason}")


class RefusedError(FetchError):
    """The server will not serve us, now or at all: asking it for more would be rude."""


class GoneError(FetchError):
    """The server works, but does not have this."""


class _AgainError(Exception):
    """This attempt failed, another may not; the server may have asked for a wait."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class Fetcher:
    """Fetches from one archive with the headers that it asks for, pausing before each request."""

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        *,
        pause_seconds: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pool = urllib3.PoolManager(headers={"User-Agent": USER_AGENT, **(headers or {})})
        self._pause_seconds = pause_seconds
        self._sleep = sleep

    def read(self, url: str) -> bytes:
        """Fetch a small answer. Raises FetchError."""
        return self._retried(url, lambda: self._open(url, {}).read())

    def download(self, url: str, path: Path, check: Callable[[Path], object]) -> None:
        """Fetch a file into `path`, which appears when it is whole and `check` raises nothing.

        What came before a cut stays in `path`.part, and the next attempt or run goes on there.
        Raises FetchError, OSError.
        """
        partial = path.with_name(path.name + ".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._retried(url, lambda: self._attempt(url, partial, check))
        partial.replace(path)

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
        """Fetch what is missing in `partial`; return whether some of it was there."""
        there = partial.stat().st_size if partial.exists() else 0
        with self._open_from(url, partial, there) as response:
            resumed = response.headers.get("Content-Range", "").startswith(f"bytes {there}-")
            if response.status == http.HTTPStatus.PARTIAL_CONTENT and not resumed:
                raise _AgainError("the server sent another part than the one asked for")
            with partial.open("ab" if resumed else "wb") as file:
                # read() would lose the last block before a cut.
                while block := response.read1(BLOCK_BYTES):
                    file.write(block)
        return resumed and there > 0

    def _open_from(self, url: str, partial: Path, there: int) -> urllib3.BaseHTTPResponse:
        try:
            return self._open(url, {"Range": f"bytes={there}-"} if there else {})
        except GoneError as error:
            if there:
                # 416, or gone since: what we have is not the beginning of what is there now.
                partial.unlink()
                raise _AgainError(str(error)) from error
            raise

    def _open(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        self._sleep(self._pause_seconds)
        response = self._pool.request(
            "GET",
            url,
            headers={**self._pool.headers, **headers},
            preload_content=False,
            decode_content=False,
            retries=REDIRECTS,
            timeout=TIMEOUT_SECONDS,
        )
        if response.status < http.HTTPStatus.BAD_REQUEST:
            return response
        response.drain_conn()
        response.close()
        raise _translate(url, response)

    def _retried(self, url: str, attempt: Callable[[], Result]) -> Result:
        """Call `attempt` until it succeeds, with longer waits, or those that the server asks."""
        reason = ""
        for turn in range(ATTEMPTS):
            try:
                return attempt()
            except (_AgainError, HTTPError) as error:
                # The text of a MaxRetryError holds the whole address, and with it the key.
                reason = str(getattr(error, "reason", "") or error) or type(error).__name__
                asked = error.wait_seconds if isinstance(error, _AgainError) else 0.0
            if asked > LONGEST_WAIT_SECONDS:
                raise RefusedError(url, f"the server asks us to come back in {asked:.0f} s")
            if turn < ATTEMPTS - 1:
                self._sleep(max(asked, FIRST_WAIT_SECONDS * 2**turn))
        raise FetchError(url, f"{ATTEMPTS} attempts failed, the last one so: {reason}")


def _translate(url: str, response: urllib3.BaseHTTPResponse) -> Exception:
    """Return what to do about an HTTP status."""
    status = f"status {response.status}"
    if response.status in TOO_BUSY:
        try:
            return _AgainError(status, REDIRECTS.get_retry_after(response) or 0.0)
        except InvalidHeader:
            return _AgainError(status)
    if response.status in NOT_FOR_US:
        return RefusedError(
            url, f"{status}: is the key right, and did you accept the archive's rules?"
        )
    return GoneError(url, status)
