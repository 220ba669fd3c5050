"""The Lambda's edge: TensorFlow Serving's predict request in, its response out."""

import os
from pathlib import Path
from typing import Any

try:
    from . import classifier
except ImportError:  # In the Lambda's zip this folder is the root, not a package.
    import classifier  # type: ignore[import-not-found,no-redef]

# Lambda starts this file before a request needs it.
MODEL = classifier.load(Path(os.environ.get("MODEL_DIR") or Path(__file__).parent / "model"))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the outputs for all windows of one recording. Raises PredictError."""
    return classifier.respond(MODEL, event)
