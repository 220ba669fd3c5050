"""The endpoint that a deploy makes: names, model, image, hosting.

Equal plans give equal names, so that a second run finds what the first one made.
"""

import hashlib
import json
from dataclasses import dataclass

from infra.endpoint.model import DIGEST_CHARACTERS, CheckedModel
from infra.endpoint.presets import Preset


@dataclass(frozen=True)
class Plan:
    """One endpoint, the bucket of its models, its role, its image, and how it is hosted."""

    endpoint: str
    bucket: str
    role_arn: str
    image: str
    preset: Preset

    @property
    def candidate(self) -> str:
        """The name of the endpoint on which a new model is tried."""
        return candidate_name(self.endpoint)

    def model_name(self, model: CheckedModel) -> str:
        """Return the SageMaker model's name, a digest of all that it is made of."""
        return f"{self.endpoint}-{digest(model.sha256, self.image, self.role_arn, self.bucket)}"

    def config_name(self, model: CheckedModel) -> str:
        """Return the endpoint configuration's name, a digest of its model and hosting."""
        return config_name(self.endpoint, self.model_name(model), self.preset)


def candidate_name(endpoint: str) -> str:
    """Return the name of the endpoint on which a new model is tried."""
    return f"{endpoint}-candidate"


def config_name(endpoint: str, model_name: str, preset: Preset) -> str:
    """Return the name of the configuration that serves a SageMaker model as a preset says."""
    return f"{endpoint}-{digest(model_name, repr(preset.hosting))}"


def digest(*parts: str) -> str:
    """Return the digest of texts that ends a name."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:DIGEST_CHARACTERS]
