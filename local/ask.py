"""Ask the API from a terminal: `python3 -m local.ask bird.mp3`; without a file it sends a song.

Only the standard library is needed.
"""

import argparse
import sys
from pathlib import Path

from local import readiness

API_BASE = "http://127.0.0.1:8000"


def main(argv: list[str] | None = None) -> int:
    """Print the answer; return 0, or 1 where it is an error."""
    parser = argparse.ArgumentParser(prog="python3 -m local.ask", description=__doc__)
    parser.add_argument("recording", nargs="?", type=Path, help="at most 60 s and 4 MiB")
    parser.add_argument("--url", default=API_BASE, help=f"of the API ({API_BASE})")
    options = parser.parse_args(argv)
    try:
        sound = options.recording.read_bytes() if options.recording else None
        status, text = readiness.classify(options.url, sound)
    except OSError as error:
        print(f"{error}: is the file there, and `make run` ready?", file=sys.stderr)
        return 1
    print(text)
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
