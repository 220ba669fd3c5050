"""What shall stand: names, model, image, hosting. Equal plans give equal names: a second run finds the first's work."""

import hashlib
import json
from dataclasses import dataclass

from infra.endpoint.model import DIGEST_CHARACTERS, CheckedModel
from infra.endpoint.presets import Preset


@dataclass(frozen=True)
class Plan:
    """One endpoint as it shall be. SageMaker waits are polled every `poll_seconds`."""

    endpoint: str
    bucket: str
    role_arn: str
    image: str
    preset: Preset
    poll_seconds: float = 15.0

    @property
    def candidate(self) -> str:
        """Name the endpoint on which a new model proves itself."""
        return candidate_name(self.endpoint)

    def model_name(self, model: CheckedModel) -> str:
        """Name the SageMaker model by all that it is made of."""
        return f"{self.endpoint}-{digest(model.sha256, self.image, self.role_arn, self.bucket)}"

    def config_name(self, model: CheckedModel) -> str:
        """Name the endpoint configuration by its model and hosting."""
        return config_name(self.endpoint, self.model_name(model), self.preset)


def candidate_name(endpoint: str) -> str:
    """Name the endpoint on which a new model proves itself."""
    return f"{endpoint}-candidate"


def config_name(endpoint: str, model_name: str, preset: Preset) -> str:
    """Name the endpoint configuration that serves a SageMaker model as a preset says."""
    return f"{endpoint}-{digest(model_name, repr(preset.hosting))}"


def digest(*parts: str) -> str:
    """Shorten texts to a name."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:DIGEST_CHARACTERS]
