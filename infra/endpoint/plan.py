"""The endpoint that a deploy makes: names, model, image, hosting.

Equal plans give equal names, so that a second run finds what the first one made.
"""

import hashlib
import json
from dataclasses import dataclass

from infra.config import Settings
from infra.endpoint.model import DIGEST_CHARACTERS, CheckedModel
from infra.endpoint.presets import Function, Hosted, Preset
from infra.errors import DeployError

# Where AWS keeps the TensorFlow Serving image: the table of image_uri_config/tensorflow.json in
# sagemaker-core 2.27, copied because the SageMaker SDK that would look it up is 730 MB
# (docs/decisions.md). China and GovCloud are left out: their prices and partitions differ.
# The tag that gets security patches: aws.github.io/deep-learning-containers/tensorflow/inference,
# its changelog of 2026-08-20.
TAG = "tensorflow-inference:2.20-cpu-py312-amzn2023-sagemaker"
MAIN_ACCOUNT = "763104351884"
MAIN_REGIONS = """
    ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1
    eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1
    us-west-2
"""
OTHER_ACCOUNTS = """
    af-south-1=626614931356 ap-east-1=871362719292 ap-east-2=975050140332
    ap-northeast-3=364406365360 ap-south-2=772153158452 ap-southeast-3=907027046896
    ap-southeast-4=457447274322 ap-southeast-5=550225433462 ap-southeast-6=633930458069
    ap-southeast-7=590183813437 ca-west-1=204538143572 eu-central-2=380420809688
    eu-south-1=692866216735 eu-south-2=503227376785 il-central-1=780543022126
    me-central-1=914824155844 me-south-1=217643126080 mx-central-1=637423239942
"""
ACCOUNTS = dict.fromkeys(MAIN_REGIONS.split(), MAIN_ACCOUNT) | dict(
    pair.split("=") for pair in OTHER_ACCOUNTS.split()
)


@dataclass(frozen=True)
class Plan:
    """One endpoint, the bucket of its models, its role, its image, and how it is hosted."""

    endpoint: str
    bucket: str
    role_arn: str
    image: str
    preset: Preset

    @classmethod
    def on(cls, settings: Settings, outputs: dict[str, str], preset: Preset) -> "Plan":
        image, role = image_uri(settings.region), outputs["EndpointRoleArn"]
        return cls(settings.endpoint, outputs["Bucket"], role, image, preset)

    @property
    def hosting(self) -> Hosted:
        """Return what hosts the endpoint. Raises DeployError where a Lambda has its place."""
        if isinstance(self.preset.hosting, Function):
            raise DeployError(f"The preset {self.preset.name} has no endpoint.")
        return self.preset.hosting

    @property
    def candidate(self) -> str:
        return candidate_name(self.endpoint)

    def model_name(self, model: CheckedModel) -> str:
        """Return the SageMaker model's name, a digest of all that it is made of."""
        isolated = str(self.hosting.isolated)
        made_of = digest(model.sha256, self.image, self.role_arn, self.bucket, isolated)
        return f"{self.endpoint}-{made_of}"

    def config_name(self, model: CheckedModel) -> str:
        return config_name(self.endpoint, self.model_name(model), self.preset)


def candidate_name(endpoint: str) -> str:
    """Return the name of the endpoint on which a new model is tried."""
    return f"{endpoint}-candidate"


def config_name(endpoint: str, model_name: str, preset: Preset) -> str:
    """Return the name of the configuration that serves a SageMaker model as a preset says."""
    return f"{endpoint}-{digest(model_name, repr(preset.hosting))}"


def digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:DIGEST_CHARACTERS]


def image_uri(region: str) -> str:
    """Return the image's address for a region. Raises DeployError on an unknown region."""
    if region not in ACCOUNTS:
        raise DeployError(
            f"No TensorFlow Serving image is known in region {region!r}; "
            f"known: {', '.join(ACCOUNTS)}."
        )
    return f"{ACCOUNTS[region]}.dkr.ecr.{region}.amazonaws.com/{TAG}"
