"""Recordings and their metadata -> labelled windows, split by recordist and source: the dataset that training reads."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from training.data import dataset, options
from training.data.build import Places, build, make_entries
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
from training.data.filters import describe, keep
from training.data.http import Fetcher, FetchError
from training.data.metadata import NO_BIRD, Recording, read_folder, read_metadata
from training.data.shards import use_shipped_ffmpeg
from training.jobs.upload import upload_sealed

# What a shell answers for a program ended by Ctrl-C.
STOPPED = 130
SEARCH_RESULT = "xeno-canto.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Run as a script; answers the exit code. SIGTERM ends it as Ctrl-C does."""
    arguments = options.parser(__doc__).parse_args(argv)
    try:
        return _run(arguments)
    except (OSError, RuntimeError, ValueError, FetchError, BotoCoreError, ClientError) as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("prepare: stopped; run it again to go on", file=sys.stderr)
        return STOPPED


def _run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    if arguments.query:
        arguments.metadata = _search(arguments)
    recordings = _choose(arguments)
    if arguments.instances:
        return _run_on_machines(arguments)
    if arguments.dry_run:
        print(
            "\n".join(
                describe(
                    [recording for recording in recordings if recording.primary_label != NO_BIRD]
                )
            )
        )
        return 0
    if arguments.download:
        _download(arguments, recordings)
    _build(arguments, recordings)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """List everything that is missing before anything is done. Raises ValueError."""
    problems = []
    if not arguments.recordings and not arguments.metadata:
        problems.append("--recordings or --metadata says what there is")
    here = not arguments.dry_run and not arguments.instances
    if here and not (arguments.recordings and arguments.output):
        problems.append(
            "--recordings and --output say where the audio is and the dataset goes (or --dry-run)"
        )
    if arguments.query and not arguments.recordings:
        problems.append("--recordings says where the answer to --query is kept")
    if arguments.instances and not (arguments.metadata and arguments.bucket and arguments.role):
        problems.append("--instances needs --metadata, --bucket and --role")
    if problems:
        raise ValueError("; ".join(problems))


def _choose(arguments: argparse.Namespace) -> list[Recording]:
    """Read the table and filter it; a build from a folder keeps rare species, as other birds."""
    rule = options.to_filter(arguments)
    if options.from_archive(arguments):
        return keep(read_metadata(arguments.metadata), rule)
    recordings = read_folder(arguments.recordings)
    return keep(recordings, rule if arguments.dry_run else replace(rule, min_recordings=1))


def _archive(arguments: argparse.Namespace) -> tuple[Archive, Fetcher]:
    """Make the archive and who talks to it, with the key from the environment. Raises ValueError without one."""
    if arguments.download == "kaggle":
        headers = kaggle_headers(os.environ, Path.home())
        kaggle = Kaggle(arguments.competition, arguments.kaggle_folder, arguments.kaggle_address)
        return kaggle, Fetcher(headers, pause_seconds=arguments.pause_seconds)
    return XenoCanto(arguments.xeno_canto_address), Fetcher(pause_seconds=arguments.pause_seconds)


def _search(arguments: argparse.Namespace) -> Path:
    """Ask xeno-canto once; the answer is kept beside the audio, so that a rerun means the same recordings."""
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


def _download(arguments: argparse.Namespace, recordings: Sequence[Recording]) -> None:
    use_shipped_ffmpeg()
    archive, fetcher = _archive(arguments)
    failures = download(recordings, arguments.recordings, archive, fetcher)
    if failures:
        print("\n".join(["not downloaded:", *failures]), file=sys.stderr)


def _build(arguments: argparse.Namespace, recordings: Sequence[Recording]) -> None:
    settings = options.to_options(arguments)
    places = Places(arguments.recordings, arguments.output, arguments.shards)
    if arguments.shards_only:
        entries = make_entries(places, recordings, options=settings, processes=arguments.processes)
        print(
            "\n".join(f"{entry.recording.filename}: {entry.reason or 'cut'}" for entry in entries)
        )
        return
    summary = build(places, recordings, options=settings, processes=arguments.processes)
    print(f"{arguments.output}: {summary['counts']}")
    if skipped := summary["counts"]["skipped"]:
        print(
            f"{skipped} recordings could not be used: see `reason` in {arguments.output / dataset.RECORDING_TABLE}"
        )
    if arguments.bucket:
        target = (arguments.bucket, f"{arguments.prefix}/dataset")
        print(
            "\n".join(upload_sealed(boto3.client("s3"), arguments.output, dataset.FILES, *target))
        )


def _run_on_machines(arguments: argparse.Namespace) -> int:
    # The machines themselves run this file too, and do not need what starts them.
    from infra import config  # noqa: PLC0415
    from training.jobs import images, sagemaker_processing  # noqa: PLC0415

    region = config.read_config()["deployment"]["region"]
    session = boto3.session.Session(region_name=region)
    image = images.training_image(region)
    machines = sagemaker_processing.Machines(
        arguments.instances, arguments.instance_type, arguments.role, image, arguments.volume_gb
    )
    passed_on = tuple(options.passed_on(arguments))
    archive = sagemaker_processing.Archive(
        arguments.bucket, arguments.prefix, arguments.metadata, passed_on
    )
    if arguments.dry_run:
        print(
            json.dumps(sagemaker_processing.requests(archive, machines, "birds-dry-run"), indent=2)
        )
        return 0
    clients = {name: session.client(name) for name in ("s3", "sagemaker")}
    print(sagemaker_processing.run(clients, archive, machines))
    return 0


def _stop_once(*_: object) -> None:
    """End as Ctrl-C does; a second one, which many press, must not break into the end of the first."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _stop_once)
    sys.exit(main())
