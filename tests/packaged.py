"""The packaged stacks as CloudFormation sees them: Chalice's template, expanded by AWS's own SAM translator."""

import copy
import os
from dataclasses import replace
from functools import cache
from unittest import mock

from chalice.package import TemplateDeepMerger
from samtranslator.translator.transform import transform

from deployment import project, settings, template, training_role
from spectrogram_fn import deploy as spectrogram_deploy

BUCKET = "birdapp-dev-123456789012-eu-west-1"


class NoManagedPolicies:
    """The translator asks for AWS's managed policies by name; none is used."""

    def load(self):
        """None."""
        return {}


@cache
def application(stage):
    """birdapp as packaged for a stage, once a session."""
    return project.build(settings.load(stage))


@cache
def api(stage="dev", **changed):
    """The API's stack, expanded. `changed` replaces settings that template.py reads."""
    chosen = replace(settings.load(stage), **changed)
    built = application(stage)
    merged = TemplateDeepMerger().merge(template.additions(chosen), built.template)
    return expand(replace(built, template=merged).finished_template(chosen, BUCKET))


@cache
def spectrogram(stage="dev", **changed):
    """The spectrogram function's stack."""
    package = spectrogram_deploy.build()
    return spectrogram_deploy.template(replace(settings.load(stage), **changed), BUCKET, package)


def training(stage="dev"):
    """The training role's stack."""
    return training_role.template(settings.load(stage), BUCKET)


def expand(unexpanded):
    """Expand SAM's resources as AWS does."""
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "eu-west-1"}):
        return transform(copy.deepcopy(unexpanded), {}, NoManagedPolicies())


def of_type(stack, kind):
    """The properties of all resources of a type, by name."""
    return {name: made.get("Properties", {}) for name, made in stack["Resources"].items() if made["Type"] == kind}


def only(stack, kind):
    """The properties of the one resource of a type."""
    (found,) = of_type(stack, kind).values()
    return found
