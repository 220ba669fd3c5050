"""`make train`: a folder of recordings -> a trained, calibrated, scored model with its card.

Takes the options of training.prepare, and those of the training itself. With --out-of-fold DIR, of
`make cross-validate`, it learns from every recording, and is calibrated and scored by its folds.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from training import prepare
from training.data import options
from training.jobs.source_folder import ENTRY_SCRIPT, SIGNAL_PATH, SOURCE_DIR
from training.scores import mixture_jobs, model_card

MISSING = (
    "expected a folder of recordings, such as make train RECORDINGS=../recordings: it holds"
    " metadata.csv and the audio, or a folder of audio for each species"
)
# Options of train.py; --seed is prepare's too.
SETTINGS = {
    "architecture": str,
    "epochs": int,
    "minutes": float,
    "batch_size": int,
    "learning_rate": float,
    "version": str,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    try:
        return _run(argv)
    except KeyboardInterrupt:
        print("train: stopped; run it again to go on", file=sys.stderr)
        return prepare.STOPPED


def _run(argv: Sequence[str] | None) -> int:
    here, rest = _parser().parse_known_args(argv)
    if not here.recordings:
        print(f"train: {MISSING}", file=sys.stderr)
        return 1
    asked = [*rest, "--recordings", here.recordings, "--output", str(here.dataset)]
    # Wrong options are refused before the work starts.
    prepared = options.parser(__doc__).parse_args(asked)
    if code := prepare.main(asked):
        return code
    if prepared.dry_run:
        return 0
    folders = {
        "--data": here.dataset,
        "--model-dir": here.model,
        "--checkpoint-dir": here.checkpoints,
    }
    settings = [*words(folders), "--seed", str(prepared.seed), *given(here)]
    if here.out_of_fold:
        settings += ["--everything", "--out-of-fold", str(here.out_of_fold / "predictions")]
    command = [sys.executable, str(SOURCE_DIR / ENTRY_SCRIPT), *settings]
    environment = os.environ | {"PYTHONPATH": str(SIGNAL_PATH.parent)}
    if code := subprocess.run(command, env=environment, check=False).returncode:
        return code
    folders = {"--recordings": here.recordings, "--dataset": here.dataset, "--model": here.model}
    scored = {"--cross-validation": here.out_of_fold} if here.out_of_fold else {}
    return model_card.main(words({**folders, **scored, "--pairs": here.pairs}))


def words(values: Mapping[str, object]) -> list[str]:
    """Return options and their values as a command's words."""
    return [word for name, value in values.items() for word in (name, str(value))]


def given(here: argparse.Namespace) -> list[str]:
    """Return the training's options that were given, as words; the others have its defaults."""
    values = {f"--{name.replace('_', '-')}": getattr(here, name) for name in SETTINGS}
    found = words({name: value for name, value in values.items() if value is not None})
    return [*found, "--tiny"] if here.tiny else found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make train", description=__doc__, add_help=False, allow_abbrev=False
    )
    parser.add_argument("--recordings", default="")
    parser.add_argument("--dataset", type=Path, default=Path("build/dataset"))
    parser.add_argument("--model", type=Path, default=Path("build/model"))
    parser.add_argument("--checkpoints", type=Path, default=Path("build/checkpoints"))
    parser.add_argument("--out-of-fold", type=Path)
    parser.add_argument("--pairs", type=int, default=mixture_jobs.PAIRS)
    add_settings(parser)
    return parser


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options of the training itself."""
    for name, kind in SETTINGS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind)
    parser.add_argument("--tiny", action="store_true")


if __name__ == "__main__":
    sys.exit(main())
