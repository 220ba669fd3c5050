"""One stage's settings, read from birdapp/.chalice/config.json, and the folders that infra reads.

That file owns names, sizes, limits and the region.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.errors import DeployError
from infra.limits import problems

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
        """Refuse what AWS would refuse later. Raises DeployError with all of it."""
        found = list(problems(vars(self)))
        if found:
            raise DeployError(f"{CONFIG.name}, stage {self.stage}: {'; '.join(found)}.")
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

    Raises DeployError where the file lacks the stage or a setting, or AWS would refuse one.
    """
    config = read_config()
    try:
        values = _values(config, stage)
    except KeyError as error:
        raise DeployError(f"{CONFIG} lacks {error} for stage {stage}.") from error
    values |= {name: value for name, value in changed.items() if value is not None}
    known = {field.name: field.type for field in dataclasses.fields(Settings)}
    lacking, unknown = sorted(known.keys() - values.keys()), sorted(values.keys() - known.keys())
    if lacking or unknown:
        differing = [f"lacks {it}" for it in lacking] + [f"has an unknown {it}" for it in unknown]
        raise DeployError(f"{CONFIG} {', '.join(differing)} for stage {stage}.")
    wrong = [
        f"{it} is {values[it]!r}" for it, kind in known.items() if type(values[it]) is not kind
    ]
    if wrong:
        raise DeployError(f"{CONFIG}, stage {stage}: {', '.join(wrong)}, which is of a wrong type.")
    return Settings(**values)


def _values(config: dict[str, Any], stage: str) -> dict[str, Any]:
    """Return what the file says of a stage. Raises KeyError, and DeployError on no such stage."""
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
    return {**values, **config["deployment"], **of_stage["deployment"]}


def read_config() -> dict[str, Any]:
    """Return the file's content. Raises DeployError where it is no JSON."""
    try:
        config = json.loads(CONFIG.read_bytes())
    except ValueError as error:
        raise DeployError(f"{CONFIG} is no JSON: {error}.") from error
    return dict(config)
