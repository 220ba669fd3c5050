"""The recordings that a filter kept -> audio files, from Kaggle or from xeno-canto."""

import base64
import json
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from training.data.filters import Filter
from training.data.http import Fetcher, FetchError, GoneError, RefusedError
from training.data.metadata import Recording
from training.data.shards import read_audio

KAGGLE_ADDRESS = "https://www.kaggle.com"
XENO_CANTO_ADDRESS = "https://xeno-canto.org"
PAGE_RECORDINGS = 500
# So many failures one after the other mean that the archive is down, not that recordings are gone.
FAILURES_IN_A_ROW = 5


class Archive(Protocol):
    """Where recordings can be fetched from."""

    @property
    def address(self) -> str:
        """Scheme and host."""

    def url(self, recording: Recording) -> str:
        """Return where a recording's audio is. Raises ValueError where it cannot be."""


@dataclass(frozen=True)
class Kaggle:
    """A competition's data: the audio lies in `folder`/<primary_label>/<name>."""

    competition: str
    folder: str = "train_audio"
    address: str = KAGGLE_ADDRESS

    def url(self, recording: Recording) -> str:
        name = recording.filename
        path = (
            f"{self.folder}/{name}"
            if "/" in name
            else f"{self.folder}/{recording.primary_label}/{name}"
        )
        data = f"{self.address}/api/v1/competitions/data/download/{self.competition}"
        return f"{data}/{urllib.parse.quote(path, safe='')}"


@dataclass(frozen=True)
class XenoCanto:
    """xeno-canto.org, API version 3."""

    address: str = XENO_CANTO_ADDRESS

    def url(self, recording: Recording) -> str:
        """Return where the audio is, by the catalogue number or that in the page's address."""
        found = re.search(r"xeno-canto\.org/(\d+)", recording.url)
        number = recording.xc_id or (found[1] if found else "")
        if not number.isdecimal():
            raise ValueError(f"{recording.filename}: no xeno-canto number known")
        return f"{self.address}/{number}/download"

    def search(self, fetcher: Fetcher, query: str, key: str) -> list[dict[str, Any]]:
        """Return the entries of all pages of a search with an account's key. Raises FetchError."""
        entries: list[dict[str, Any]] = []
        page, pages = 1, 1
        while page <= pages:
            values = {"query": query, "page": page, "per_page": PAGE_RECORDINGS, "key": key}
            url = f"{self.address}/api/3/recordings?{urllib.parse.urlencode(values)}"
            answer = _parse(url, fetcher.read(url))
            entries += answer["recordings"]
            page, pages = page + 1, int(answer["numPages"])
        return entries


def narrow(query: str, rule: Filter) -> str:
    """Return a query for what the filter can keep alone: its box and length, ends included."""
    words = [query]
    if rule.latitude and rule.longitude:
        words.append(
            f"box:{rule.latitude[0]},{rule.longitude[0]},{rule.latitude[1]},{rule.longitude[1]}"
        )
    if rule.max_seconds:
        words.append(f'len:"<{rule.max_seconds:g}"')
    return " ".join(words)


def download(
    recordings: Sequence[Recording], folder: Path, archive: Archive, fetcher: Fetcher
) -> list[str]:
    """Fetch what is not in `folder` yet; return a line for each recording that cannot be had.

    A file is there only when its sound was decoded. Raises RefusedError where the archive turns us
    away or is down.
    """
    missing = [recording for recording in recordings if not (folder / recording.filename).exists()]
    failures: list[str] = []
    broken = 0
    for recording in tqdm(missing, desc="download", unit="recording"):
        try:
            fetcher.download(archive.url(recording), folder / recording.filename, read_audio)
            broken = 0
        except RefusedError:
            raise
        except (FetchError, ValueError) as error:
            failures.append(f"{recording.filename}: {error}")
            broken += not isinstance(error, GoneError)
        if broken == FAILURES_IN_A_ROW:
            raise RefusedError(
                archive.address, f"{broken} failures in a row, the last one: {failures[-1]}"
            )
    return failures


def kaggle_headers(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the header that proves who we are.

    From KAGGLE_API_TOKEN, KAGGLE_USERNAME and KAGGLE_KEY, or kaggle.json.
    Raises ValueError where none of them is there.
    """
    if token := environment.get("KAGGLE_API_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    file = home / ".kaggle" / "kaggle.json"
    stored = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    name, key = (
        environment.get("KAGGLE_USERNAME", stored.get("username")),
        environment.get("KAGGLE_KEY", stored.get("key")),
    )
    if not name or not key:
        raise ValueError(
            f"Kaggle wants a token: set KAGGLE_API_TOKEN, or put kaggle.json into {file.parent}"
        )
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()}


def xeno_canto_key(environment: Mapping[str, str]) -> str:
    """Return XENO_CANTO_KEY. Raises ValueError where it is missing."""
    if not (key := environment.get("XENO_CANTO_KEY", "")):
        raise ValueError(
            "xeno-canto wants a key for searches: set XENO_CANTO_KEY to that on your account page"
        )
    return key


def _parse(url: str, content: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(content)
        if "recordings" not in answer or "numPages" not in answer:
            raise FetchError(url, f"expected recordings, got {answer.get('message', list(answer))}")
    except (ValueError, AttributeError) as error:
        raise FetchError(url, "expected JSON, got something else") from error
    return answer
