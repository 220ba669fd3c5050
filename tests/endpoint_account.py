"""Models and plans for tests of the endpoint."""

import json

from infra.endpoint.images import image_uri
from infra.endpoint.model import CheckedModel
from infra.endpoint.plan import Plan
from infra.endpoint.presets import PRESETS
from infra.endpoint.smoke_clip import made_clip

CLIP = made_clip()
NAME = "bird-classifier"
# moto keeps its hands off the endpoint's answers.
LOOPBACK = {"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1:.*"]}}}


def a_model(version, top=0.7):
    settings = json.dumps({"version": version, "thresholds": {}, "pooling": {}})
    reference = {
        "labels": ["Turdus merula", "Parus major"],
        "names": ["Common Blackbird", "Great Tit"],
        "settings": settings,
        "probabilities": [[top, 0.1]] * len(CLIP.windows),
        "bird": [0.9] * len(CLIP.windows),
    }
    return CheckedModel(version.encode(), CLIP, reference)


OLD, NEW = a_model("old"), a_model("new")


def a_plan(preset="requests"):
    role = "arn:aws:iam::123456789012:role/sagemaker"
    return Plan(
        NAME, "birdapp-models", role, image_uri("eu-west-1"), PRESETS[preset], poll_seconds=0
    )


def serving_config(clients):
    """Which configuration serves."""
    return clients.sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"]
