"""Recordings and their metadata -> labelled windows, split by recordist and source: the dataset that training reads."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from training.build import Options, build
from training.metadata import read_folder
from training.split import Quotas


def main(argv: Sequence[str] | None = None) -> int:
    """Run as a script; answers the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        recordings = read_folder(arguments.recordings)
        options = Options(arguments.min_recordings, arguments.cut_seconds, arguments.seed, _quotas(arguments))
        summary = build(
            arguments.recordings, arguments.output, recordings, options=options, processes=arguments.processes
        )
    except (OSError, ValueError) as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.output}: {summary['counts']}")
    return 0


def _quotas(arguments: argparse.Namespace) -> Quotas:
    return Quotas(
        test_share=arguments.test_share,
        calibration_share=arguments.calibration_share,
        test_minimum=arguments.test_minimum,
        calibration_minimum=arguments.calibration_minimum,
        test_total=arguments.test_total,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.prepare", description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True, help="folder with audio and metadata.csv")
    parser.add_argument("--output", type=Path, required=True, help="folder of the dataset")
    parser.add_argument("--min-recordings", type=int, default=10, help="a species with fewer is an other bird")
    parser.add_argument("--cut-seconds", type=float, help="take only so much of the start of each recording")
    parser.add_argument("--seed", type=int, default=7, help="of the split")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    quotas = Quotas()
    split = parser.add_argument_group("split")
    split.add_argument("--test-share", type=float, default=quotas.test_share)
    split.add_argument("--calibration-share", type=float, default=quotas.calibration_share)
    split.add_argument("--test-minimum", type=int, default=quotas.test_minimum, help="a listed species")
    split.add_argument("--calibration-minimum", type=int, default=quotas.calibration_minimum, help="a listed species")
    split.add_argument("--test-total", type=int, default=quotas.test_total, help="of all listed species")
    return parser


if __name__ == "__main__":
    sys.exit(main())
