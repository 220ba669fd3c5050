"""Where AWS keeps the TensorFlow image for training and preparing."""

from infra.endpoint.plan import ACCOUNTS

# The one that gets security patches, which 2.19 got until 2026-03-11; there is none of 2.20, so
# source_dir/requirements.txt puts the TensorFlow that the endpoint serves into it
# (aws.github.io/deep-learning-containers/tensorflow/training and /reference/support_policy, read in
# November 2026).
TAG = "tensorflow-training:2.21-cpu-py312-amzn2023-sagemaker"


def training_image(region: str) -> str:
    """Return the image for a region. Raises ValueError where AWS publishes none that we know of."""
    if region not in ACCOUNTS:
        raise ValueError(
            f"no TensorFlow training image is known in region {region!r};"
            f" known: {', '.join(ACCOUNTS)}"
        )
    return f"{ACCOUNTS[region]}.dkr.ecr.{region}.amazonaws.com/{TAG}"
