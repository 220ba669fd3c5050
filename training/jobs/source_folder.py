"""The folder that goes into the training container: training/source_dir/ and the signal path."""

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent
SOURCE_DIR = REPOSITORY / "training" / "source_dir"
SIGNAL_PATH = REPOSITORY / "spectrogram_fn" / "spectrogram.py"
ENTRY_SCRIPT = "train.py"
REQUIREMENTS = "requirements.txt"


def assemble(target: Path) -> list[str]:
    """Copy the files into `target`, which is emptied first; return their names."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    sources = [*SOURCE_DIR.glob("*.py"), *SOURCE_DIR.glob(REQUIREMENTS), SIGNAL_PATH]
    for source in sources:
        shutil.copyfile(source, target / source.name)
    return sorted(source.name for source in sources)
