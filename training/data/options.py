"""The options of training/prepare.py, and what they mean together."""

import argparse
import math
import os
from dataclasses import asdict
from pathlib import Path

from training.data.build import Options
from training.data.download import KAGGLE_ADDRESS, XENO_CANTO_ADDRESS
from training.data.filters import Filter
from training.data.grouping import SPLITS
from training.data.species import ENOUGH
from training.data.split import CALIBRATION_MINIMUM, TEST_MINIMUM, TEST_TOTAL, Quotas
from training.data.teachers import OWN, TEACHERS

# An archive is filtered; a folder of one's own was chosen; its rare species are other birds.
ARCHIVE = Filter()
FOLDER = Filter(latitude=None, longitude=None, max_seconds=None, min_recordings=8)
# Of a species in a folder with fewer than species.ENOUGH recordings, unless a minimum is given.
MIN_RECORDISTS = 4


def parser(description: str | None) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m training.prepare", description=description)
    options.add_argument(
        "--recordings",
        type=_folder,
        help="folder of the audio, and of metadata.csv without --metadata",
    )
    options.add_argument(
        "--metadata", type=Path, help="an archive's table: Kaggle's .csv or xeno-canto's .json"
    )
    options.add_argument("--output", type=Path, help="folder of the dataset")
    options.add_argument(
        "--dry-run", action="store_true", help="print species and counts; needs no audio"
    )
    options.add_argument(
        "--window-weights",
        type=Path,
        help="a listener's scores of each window, .npz (training/data/window_weights.py)",
    )
    options.add_argument(
        "--mixtures",
        type=Path,
        help="folder of mixtures that it was asked about (training/data/heard_mixtures.py)",
    )
    options.add_argument(
        "--teacher",
        choices=(*TEACHERS, OWN),
        help="who the listener is: the model card names it and its licence",
    )
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument(
        "--shards-only",
        action="store_true",
        help="decode what is here, leave the rest to another run",
    )
    options.add_argument(
        "--shards", type=Path, help="folder of what runs with --shards-only made elsewhere"
    )
    _add_filter(
        options.add_argument_group(
            "filter", "defaults of an archive; a folder's own metadata.csv is kept whole"
        )
    )
    _add_download(options.add_argument_group("download"))
    _add_split(options.add_argument_group("split"))
    _add_aws(options.add_argument_group("AWS"))
    return options


def _folder(name: str) -> Path:
    """Return the folder of a name; Path would make the folder that is here of an empty one."""
    if not name:
        raise argparse.ArgumentTypeError("expected a folder of recordings, got an empty name")
    return Path(name)


def from_archive(arguments: argparse.Namespace) -> bool:
    """Return whether the recordings come from an archive, to be filtered, or are one's own."""
    return bool(arguments.metadata or arguments.query)


def to_filter(arguments: argparse.Namespace) -> Filter:
    """Return the filter; what was not given comes from the kind of source."""
    default = ARCHIVE if from_archive(arguments) else FOLDER
    return Filter(
        latitude=None if arguments.anywhere else arguments.latitude or default.latitude,
        longitude=None if arguments.anywhere else arguments.longitude or default.longitude,
        max_seconds=_finite(
            default.max_seconds if arguments.max_seconds is None else arguments.max_seconds
        ),
        min_recordings=arguments.min_recordings or default.min_recordings,
    )


def _min_recordists(arguments: argparse.Namespace) -> int:
    if arguments.min_recordists is not None:
        return int(arguments.min_recordists)
    return 1 if from_archive(arguments) or arguments.min_recordings else MIN_RECORDISTS


def _cut_seconds(arguments: argparse.Namespace) -> float | None:
    return (
        to_filter(arguments).max_seconds
        if arguments.seconds is None
        else _finite(arguments.seconds)
    )


def _finite(seconds: float | None) -> float | None:
    """Return seconds, None for inf, a user's "no limit". Raises ValueError on what is no length."""
    if seconds is not None and not seconds > 0:
        raise ValueError(f"expected seconds above 0, or inf, got {seconds}")
    return None if seconds == math.inf else seconds


def to_options(arguments: argparse.Namespace) -> Options:
    """Return what decides the dataset. Raises ValueError on shares or minimums that cannot be."""
    rule = to_filter(arguments)
    quotas = Quotas(
        test_share=arguments.test_share,
        calibration_share=arguments.calibration_share,
        test_minimum=arguments.test_minimum,
        calibration_minimum=arguments.calibration_minimum,
        test_total=arguments.test_total,
    )
    return Options(
        min_recordings=rule.min_recordings,
        min_recordists=_min_recordists(arguments),
        cut_seconds=_cut_seconds(arguments),
        seed=arguments.seed,
        quotas=quotas,
        split_by=arguments.split_by,
        unlisted=tuple(arguments.unlisted),
    )


def passed_on(arguments: argparse.Namespace) -> list[str]:
    """Return filter and split as options again, for the same program on another machine."""
    rule, settings = to_filter(arguments), to_options(arguments)
    values: dict[str, tuple[object, ...]] = {
        **({"--latitude": rule.latitude} if rule.latitude else {}),
        **({"--longitude": rule.longitude} if rule.longitude else {}),
        **({"--anywhere": ()} if arguments.anywhere else {}),
        "--max-seconds": (rule.max_seconds or math.inf,),
        "--seconds": (settings.cut_seconds or math.inf,),
        "--min-recordings": (rule.min_recordings,),
        "--min-recordists": (settings.min_recordists,),
        "--seed": (settings.seed,),
        "--split-by": (settings.split_by,),
        **({"--unlisted": settings.unlisted} if settings.unlisted else {}),
        **{
            f"--{name.replace('_', '-')}": (value,)
            for name, value in asdict(settings.quotas).items()
            if value is not None
        },
    }
    return [str(word) for name, words in values.items() for word in (name, *words)]


def _add_filter(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--latitude", nargs=2, type=float, metavar=("ABOVE", "BELOW"), help="degrees, 35 70"
    )
    group.add_argument(
        "--longitude", nargs=2, type=float, metavar=("ABOVE", "BELOW"), help="degrees, -10 60"
    )
    group.add_argument(
        "--anywhere", action="store_true", help="keep all places, and recordings without one"
    )
    group.add_argument(
        "--max-seconds", type=float, help="15; longer recordings are left out, inf leaves out none"
    )
    group.add_argument(
        "--seconds", type=float, help="used of each, from its start; inf uses all; as --max-seconds"
    )
    group.add_argument(
        "--min-recordings",
        type=int,
        help="a species needs, 100; in a folder 8, fewer are other birds",
    )
    group.add_argument(
        "--min-recordists",
        type=int,
        help=f"a species with fewer than {ENOUGH} recordings needs, 1; in a folder"
        f" {MIN_RECORDISTS}, or 1 with --min-recordings",
    )
    group.add_argument(
        "--unlisted",
        nargs="+",
        default=(),
        metavar="LABEL",
        help="species that are other birds, however many recordings they have",
    )


def _add_download(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--download", choices=("kaggle", "xeno-canto"), help="fetch what is missing in --recordings"
    )
    group.add_argument("--competition", default="birdclef-2022", help="Kaggle's name of it")
    group.add_argument(
        "--kaggle-folder", default="train_audio", help="of the audio in the competition's data"
    )
    group.add_argument(
        "--query", help='xeno-canto search that makes the table, such as "grp:birds cnt:germany"'
    )
    group.add_argument("--pause-seconds", type=float, default=1.0, help="before each request")
    group.add_argument("--kaggle-address", default=KAGGLE_ADDRESS)
    group.add_argument("--xeno-canto-address", default=XENO_CANTO_ADDRESS)


def _add_split(group: argparse._ArgumentGroup) -> None:
    quotas = Quotas()
    group.add_argument("--seed", type=int, default=7)
    group.add_argument(
        "--split-by",
        choices=SPLITS,
        default=SPLITS[0],
        help="what is never in two parts; by day or recording, the scores flatter",
    )
    group.add_argument("--test-share", type=float, default=quotas.test_share)
    group.add_argument("--calibration-share", type=float, default=quotas.calibration_share)
    group.add_argument(
        "--test-minimum",
        type=int,
        help=f"recordings of a listed species; {TEST_MINIMUM}, or a third of what it has",
    )
    group.add_argument(
        "--calibration-minimum",
        type=int,
        help=f"likewise; {CALIBRATION_MINIMUM}, or 0 where two recordists have all",
    )
    group.add_argument(
        "--test-total",
        type=int,
        help=f"recordings of all listed species; {TEST_TOTAL}, or the share of what they have",
    )


def _add_aws(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--bucket", help="S3 bucket that gets the dataset, or holds the archive of --instances"
    )
    group.add_argument(
        "--prefix", default="training", help="of the keys there: PREFIX/dataset/ is made"
    )
    group.add_argument(
        "--instances",
        type=int,
        help="prepare the archive in s3://bucket/prefix/audio on so many machines",
    )
    group.add_argument("--instance-type", default="ml.c7i.4xlarge")
    group.add_argument(
        "--volume-gb", type=int, default=500, help="disk of each: twice the windows, 320 MB an hour"
    )
    group.add_argument("--stage", default="dev", help="of config.json: Region and role")
    group.add_argument("--role", help="ARN of the role that SageMaker takes (the stage's)")
