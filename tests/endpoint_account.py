"""Models and plans for tests of the endpoint."""

import json

from tiny_saved_model import SETTINGS

from infra import classifier
from infra.endpoint.model import CheckedModel
from infra.endpoint.plan import Plan, image_uri
from infra.endpoint.presets import PRESETS
from infra.endpoint.smoke_clip import make_clip
from infra.packages import zips

CLIP = make_clip()
NAME = "bird-classifier"
# moto keeps its hands off the endpoint's answers.
LOOPBACK = {"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1:.*"]}}}


def a_model(version, top=0.7):
    settings = json.dumps({"version": version} | SETTINGS)
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
    return Plan(NAME, "birdapp-models", role, image_uri("eu-west-1"), PRESETS[preset])


def serving_config(clients):
    """Which configuration serves."""
    return clients.sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"]


# What the model's Lambda returns by its number, and as it is called by the alias.
HANDLER = """
def handler(event, context):
    alone, called = {alone}, {called}
    outputs = called if context.invoked_function_arn.endswith(":live") else alone
    if outputs is None:
        raise ValueError("the network is broken")
    return {{"outputs": outputs}}
"""


def play_functions(patch, folder, *models, **answers):
    """Let Lambdas return their model's reference, but where `alone` or `called` is given."""
    references = {model.archive: model.reference for model in (OLD, NEW, *models)}

    def build(_, archive):
        outputs = {"alone": references[archive], "called": references[archive]} | answers
        return zips.pack(folder, "classifier", {"handler.py": HANDLER.format(**outputs).encode()})

    patch.setattr(classifier, "contents", lambda archive: archive)
    patch.setattr(classifier, "build_classifier", build)
