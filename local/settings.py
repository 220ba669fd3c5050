"""The settings of the local app: the environment's, birdapp's own, and none that leads to AWS."""

import json
import math
import os
from pathlib import Path

from local import server

REPOSITORY = Path(__file__).parent.parent
CHALICE_CONFIG = REPOSITORY / "birdapp" / ".chalice" / "config.json"
NUMBERS = ("RATE_PER_SECOND", "BURST")
DEFAULTS = {
    "API_PORT": "8000",
    "SITE_PORT": "8080",
    "MODEL_DIR": str(REPOSITORY / "training" / "model"),
    "RATE_PER_SECOND": "1000",
    "BURST": "2000",
    # Otherwise each thread keeps memory of its own: 80 clients with 59 s took 498 MB, now 369.
    "MALLOC_ARENA_MAX": "2",
}
# No call may reach a real account, and none may go through a proxy.
NO_AWS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": server.LOOPBACK,
    "no_proxy": server.LOOPBACK,
}


class CannotRunError(Exception):
    """The app cannot run; the message tells why in one sentence, and what to do."""


def read_settings() -> dict[str, str]:
    """Join the defaults, birdapp's own settings and the environment, without its AWS variables.

    Raises CannotRunError where one is not as it must be.
    """
    config: dict[str, str] = json.loads(CHALICE_CONFIG.read_text())["environment_variables"]
    given = {
        name: value for name, value in os.environ.items() if value and not name.startswith("AWS_")
    }
    settings = DEFAULTS | config | given | NO_AWS
    for name in NUMBERS:
        if not is_positive(settings[name]):
            raise CannotRunError(f"{name} must be a number above 0, not {settings[name]!r}.")
    return settings


def is_positive(text: str) -> bool:
    """Return whether a setting is a finite number above 0."""
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False
