"""Where AWS keeps the TensorFlow image for training and preparing.

From image_uri_config of sagemaker-core 2.27.
"""

from infra.endpoint.plan import ACCOUNTS

# There is no training image of 2.20, which the endpoint's image has; a model of 2.19 loads there,
# one of 2.21 may not.
TAG = "tensorflow-training:2.19-cpu-py312"


def training_image(region: str) -> str:
    """Return the image for a region. Raises ValueError where AWS publishes none that we know of."""
    if region not in ACCOUNTS:
        raise ValueError(
            f"no TensorFlow training image is known in region {region!r};"
            f" known: {', '.join(ACCOUNTS)}"
        )
    return f"{ACCOUNTS[region]}.dkr.ecr.{region}.amazonaws.com/{TAG}"
