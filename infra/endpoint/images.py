"""Where AWS keeps the TensorFlow Serving image.

The table is that of image_uri_config/tensorflow.json in sagemaker-core 2.27, copied because the
SageMaker SDK that would look it up is 730 MB (docs/decisions.md). China and GovCloud are left out:
their prices and partitions differ.
"""

from infra.errors import DeployError

TAG = "tensorflow-inference:2.20-cpu-py312"
MAIN_ACCOUNT = "763104351884"
MAIN_REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
OTHER_ACCOUNTS = {
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-east-2": "975050140332",
    "ap-northeast-3": "364406365360",
    "ap-south-2": "772153158452",
    "ap-southeast-3": "907027046896",
    "ap-southeast-4": "457447274322",
    "ap-southeast-5": "550225433462",
    "ap-southeast-6": "633930458069",
    "ap-southeast-7": "590183813437",
    "ca-west-1": "204538143572",
    "eu-central-2": "380420809688",
    "eu-south-1": "692866216735",
    "eu-south-2": "503227376785",
    "il-central-1": "780543022126",
    "me-central-1": "914824155844",
    "me-south-1": "217643126080",
    "mx-central-1": "637423239942",
}
ACCOUNTS = dict.fromkeys(MAIN_REGIONS, MAIN_ACCOUNT) | OTHER_ACCOUNTS


def image_account(region: str) -> str:
    """Return the account of a region's registry. Raises DeployError on an unknown region."""
    if region not in ACCOUNTS:
        known = ", ".join(ACCOUNTS)
        raise DeployError(
            f"No TensorFlow Serving image is known in region {region!r}; known: {known}."
        )
    return ACCOUNTS[region]


def image_uri(region: str) -> str:
    """Return the image's address for a region. Raises DeployError on an unknown region."""
    return f"{image_account(region)}.dkr.ecr.{region}.amazonaws.com/{TAG}"
