"""Where recordings come from, by the options of prepare.py: xeno-canto, or Kaggle."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from training.data import options
from training.data.dataset import write_text
from training.data.download import (
    Archive,
    Kaggle,
    XenoCanto,
    download,
    kaggle_headers,
    narrow,
    xeno_canto_key,
)
from training.data.http import Fetcher
from training.data.metadata import Recording

SEARCH_RESULT = "xeno-canto.json"


def search(arguments: argparse.Namespace) -> Path:
    """Ask xeno-canto once: a rerun reads the answer beside the audio, and means the same."""
    path = Path(arguments.recordings, SEARCH_RESULT)
    if not path.exists():
        query = narrow(arguments.query, options.to_filter(arguments))
        fetcher = Fetcher(pause_seconds=arguments.pause_seconds)
        entries = XenoCanto(arguments.xeno_canto_address).search(
            fetcher, query, xeno_canto_key(os.environ)
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps({"query": query, "recordings": entries}, ensure_ascii=False))
    return path


def fetch(arguments: argparse.Namespace, recordings: Sequence[Recording]) -> None:
    """Download what is not there yet; what failed is named on standard error."""
    archive, fetcher = _archive(arguments)
    failures = download(recordings, arguments.recordings, archive, fetcher)
    if failures:
        print("\n".join(["not downloaded:", *failures]), file=sys.stderr)


def _archive(arguments: argparse.Namespace) -> tuple[Archive, Fetcher]:
    """Return the archive and who talks to it. Raises ValueError without its key."""
    if arguments.download == "kaggle":
        headers = kaggle_headers(os.environ, Path.home())
        kaggle = Kaggle(arguments.competition, arguments.kaggle_folder, arguments.kaggle_address)
        return kaggle, Fetcher(headers, pause_seconds=arguments.pause_seconds)
    return XenoCanto(arguments.xeno_canto_address), Fetcher(pause_seconds=arguments.pause_seconds)
