"""One stage's settings, read from birdapp/.chalice/config.json, and the folders that infra reads.

That file owns names, sizes, limits and the region.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.errors import DeployError

ROOT = Path(__file__).parent.parent
BIRDAPP = ROOT / "birdapp"
CONFIG = BIRDAPP / ".chalice" / "config.json"
BUILD = ROOT / "build"
PACKAGES = BUILD / "packages"


@dataclass(frozen=True)
class Settings:
    """What a stage is made of. Memory in MB, timeouts in seconds; a concurrency of 0 is no limit.

    Without an address, alarms and budget write to nobody.
    """

    stage: str
    region: str
    python: str
    app_name: str
    spectrogram_function: str
    endpoint: str
    cors_origins: str
    # The main Lambda's, which Chalice reads by itself.
    memory_size: int
    timeout: int
    spectrogram_memory_size: int
    spectrogram_timeout: int
    reserved_concurrency: int
    provisioned_concurrency: int
    spectrogram_provisioned_concurrency: int
    throttle_requests_per_second: int
    throttle_burst: int
    log_retention_days: int
    alarm_email: str
    budget_dollars: int
    xray: bool
    # How the page is published at first; behind CloudFront it stays there.
    site_mode: str

    def __post_init__(self) -> None:
        """Refuse what AWS would refuse later. Raises DeployError."""
        provisioned = max(self.provisioned_concurrency, self.spectrogram_provisioned_concurrency)
        if self.reserved_concurrency and provisioned > self.reserved_concurrency:
            raise DeployError(
                f"{CONFIG.name}: stage {self.stage} keeps {provisioned} Lambdas warm but allows "
                f"only {self.reserved_concurrency} (reserved_concurrency)."
            )

    @property
    def function(self) -> str:
        """The main Lambda's name: what `chalice deploy` would call it too."""
        return f"{self.app_name}-{self.stage}"

    @property
    def runtime(self) -> str:
        return f"python{self.python}"

    @property
    def api_stack(self) -> str:
        return f"{self.function}-api"

    def bucket(self, account: str) -> str:
        """The private bucket for code, models and training; each account and region has its own."""
        return f"{self.function}-{account}-{self.region}"


def load(stage: str, **changed: Any) -> Settings:
    """Return a stage's settings; `changed` replaces some, where it is not None.

    Raises DeployError where the stage is not in the file.
    """
    config = read_config()
    if stage not in config["stages"]:
        raise DeployError(f"{CONFIG} has no stage {stage!r}, only {', '.join(config['stages'])}.")
    of_stage = config["stages"][stage]
    environment = config["environment_variables"] | of_stage.get("environment_variables", {})
    values = {
        "stage": stage,
        "app_name": config["app_name"],
        "spectrogram_function": environment["SPECTROGRAM_FUNCTION"],
        "endpoint": environment["ENDPOINT_NAME"],
        "cors_origins": environment.get("CORS_ORIGINS", "*"),
        "memory_size": config["lambda_memory_size"],
        "timeout": config["lambda_timeout"],
        "reserved_concurrency": of_stage["reserved_concurrency"],
        "xray": of_stage["xray"],
    }
    given = {name: value for name, value in changed.items() if value is not None}
    return Settings(**values | config["deployment"] | of_stage["deployment"] | given)


def read_config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads(CONFIG.read_text())
    return config
