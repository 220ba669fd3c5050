"""Recordings and their metadata -> labelled windows, split by recordist: what training reads."""

import argparse
import contextlib
import csv
import hashlib
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from training.data import (
    archive,
    dataset,
    heard_mixtures,
    mended_labels,
    options,
    window_weights,
)
from training.data.build import Places, build, listed, make_entries
from training.data.filters import describe, keep, why_none
from training.data.http import FetchError
from training.data.metadata import NO_BIRD, Recording, locate, read_folder, read_metadata
from training.data.teachers import OWN, TEACHERS
from training.jobs.upload import upload_sealed, withdraw

# A shell's exit status of a program that Ctrl-C ended.
STOPPED = 130
AWS_ERRORS = (Boto3Error, BotoCoreError, ClientError)
# So many recordings that could not be used are named; the table has all.
NAMED = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status. SIGTERM ends it as Ctrl-C does."""
    arguments = options.parser(__doc__).parse_args(argv)
    try:
        return _run(arguments)
    except (OSError, RuntimeError, ValueError, FetchError, *AWS_ERRORS) as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("prepare: stopped; run it again to go on", file=sys.stderr)
        return STOPPED


def _run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    if arguments.query:
        arguments.metadata = archive.search(arguments)
    with _naming(arguments.metadata or arguments.recordings):
        found = _read(arguments)
        recordings = _choose(arguments, mended_labels.mend(found))
    if arguments.instances:
        # The machines themselves run this file too, and do not need what starts them.
        from training.jobs import machines  # noqa: PLC0415

        return machines.run(arguments)
    if arguments.dry_run:
        names = set(listed(recordings, options.to_options(arguments)))
        print("\n".join(describe([one for one in recordings if one.primary_label in names])))
        return 0
    if arguments.download:
        archive.fetch(arguments, recordings)
    _build(arguments, recordings, mended_labels.count(found))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Raise ValueError with everything that is missing, before anything is done."""
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
    if arguments.instances and not (arguments.metadata and arguments.bucket):
        problems.append("--instances needs --metadata and --bucket")
    if bool(arguments.window_weights) != bool(arguments.teacher):
        names = ", ".join((*TEACHERS, OWN))
        problems.append(f"--window-weights and --teacher (whose they are: {names}) go together")
    if arguments.mixtures and not arguments.window_weights:
        problems.append("--mixtures needs --window-weights, of the same listener")
    if arguments.window_weights and (arguments.instances or arguments.shards_only):
        problems.append("--window-weights needs the dataset, which is made elsewhere here")
    if problems:
        raise ValueError("; ".join(problems))


@contextlib.contextmanager
def _naming(source: Path) -> Iterator[None]:
    """Put the table or folder before a refusal that does not name it."""
    try:
        yield
    except ValueError as error:
        if str(source) in str(error):
            raise
        raise ValueError(f"{source}: {error}") from error


def _read(arguments: argparse.Namespace) -> list[Recording]:
    if options.from_archive(arguments):
        found = read_metadata(arguments.metadata)
        # Machines that share the work have other files, and must agree on the names.
        shares = arguments.shards or arguments.shards_only or arguments.instances
        if arguments.recordings and not shares:
            found = locate(arguments.recordings, found)
        return found
    return read_folder(arguments.recordings)


def _choose(arguments: argparse.Namespace, found: Sequence[Recording]) -> list[Recording]:
    """Filter recordings; a folder's rare species stay, as other birds.

    Raises ValueError where nothing is left.
    """
    rule = options.to_filter(arguments)
    if not options.from_archive(arguments):
        rule = replace(rule, min_recordings=1)
    birds = [recording for recording in found if recording.primary_label != NO_BIRD]
    if not keep(birds, rule):
        raise ValueError(why_none(birds, rule))
    return keep(found, rule)


def _build(
    arguments: argparse.Namespace, recordings: Sequence[Recording], mended: dict[str, int]
) -> None:
    settings = options.to_options(arguments)
    places = Places(arguments.recordings, arguments.output, arguments.shards)
    if arguments.shards_only:
        entries = make_entries(places, recordings, options=settings, processes=arguments.processes)
        print(
            "\n".join(f"{entry.recording.filename}: {entry.reason or 'cut'}" for entry in entries)
        )
        return
    with _naming(arguments.metadata or arguments.recordings):
        build(places, recordings, options=settings, processes=arguments.processes)
    summary = dataset.add_to_summary(
        arguments.output, {"mended": mended, "listener": _listen(arguments)}
    )
    if any(mended.values()):
        print(f"mended by {mended_labels.LABELS.name}: {mended}")
    print(f"{arguments.output}: {summary['counts']}")
    _name_skipped(arguments.output / dataset.RECORDING_TABLE)
    if arguments.bucket:
        _upload(arguments)


def _listen(arguments: argparse.Namespace) -> dict[str, Any]:
    """Put what a listener heard beside the dataset, or take another run's away; return whose."""
    output: Path = arguments.output
    given = [dataset.HEARD] if arguments.window_weights else []
    given += [dataset.MIXTURES, dataset.MIXTURE_IMAGES] if arguments.mixtures else []
    for name in set(dataset.OF_A_LISTENER) - set(given):
        (output / name).unlink(missing_ok=True)
    if not given:
        return {}
    share = window_weights.attach(output, arguments.window_weights)
    print(f"{arguments.window_weights}: scores of {share:.1%} of the windows")
    facts = {"teacher": arguments.teacher, "windows": round(share, 4)}
    if arguments.mixtures:
        facts["mixtures"] = heard_mixtures.attach(output, arguments.mixtures)
        print(f"{arguments.mixtures}: {facts['mixtures']} mixtures")
    digests = [hashlib.sha256((output / name).read_bytes()) for name in given[:2]]
    return {**facts, "sha256": "-".join(digest.hexdigest() for digest in digests)}


def _upload(arguments: argparse.Namespace) -> None:
    client, target = boto3.client("s3"), (arguments.bucket, f"{arguments.prefix}/dataset")
    names = dataset.files(arguments.output)
    for name in set(dataset.OF_A_LISTENER) - set(names):
        withdraw(client, arguments.bucket, f"{arguments.prefix}/dataset/{name}")
    print("\n".join(upload_sealed(client, arguments.output, names, *target)))


def _name_skipped(table: Path) -> None:
    with table.open(newline="", encoding="utf-8") as file:
        skipped = [row for row in csv.DictReader(file) if row["reason"]]
    if skipped:
        print(f"{len(skipped)} recordings could not be used: see `reason` in {table}")
    for row in skipped[:NAMED]:
        print(f"left out: {row['filename']}: {row['reason']}", file=sys.stderr)


def _stop_once(*_: object) -> None:
    """End as Ctrl-C does; a second one, which many press, must not break into that."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _stop_once)
    sys.exit(main())
