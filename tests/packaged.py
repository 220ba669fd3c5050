"""The packaged stacks as CloudFormation sees them: Chalice's template, expanded by AWS's own SAM translator."""

import copy
import os
from dataclasses import replace
from functools import cache
from unittest import mock

from chalice.package import TemplateDeepMerger
from samtranslator.translator.transform import transform

from infra import config
from infra.packages import api as api_package
from infra.packages import spectrogram as spectrogram_package
from infra.stacks import api as api_stack
from infra.stacks import spectrogram as spectrogram_stack
from infra.stacks import training_role

BUCKET = "birdapp-dev-123456789012-eu-west-1"


class NoManagedPolicies:
    """The translator asks for AWS's managed policies by name; none is used."""

    def load(self):
        """None."""
        return {}


@cache
def application(stage):
    """birdapp as packaged for a stage, once a session."""
    return api_package.build(config.load(stage))


@cache
def api(stage="dev", **changed):
    """The API's stack, expanded. `changed` replaces settings that template.py reads."""
    chosen = replace(config.load(stage), **changed)
    built = application(stage)
    merged = TemplateDeepMerger().merge(api_stack.additions(chosen), built.template)
    return expand(replace(built, template=merged).finished_template(chosen, BUCKET))


@cache
def spectrogram(stage="dev", **changed):
    """The spectrogram function's stack."""
    package = spectrogram_package.build()
    return spectrogram_stack.template(replace(config.load(stage), **changed), BUCKET, package)


def training(stage="dev"):
    """The training role's stack."""
    return training_role.template(config.load(stage), BUCKET)


def expand(unexpanded):
    """Expand SAM's resources as AWS does."""
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "eu-west-1"}):
        return transform(copy.deepcopy(unexpanded), {}, NoManagedPolicies())


def of_type(stack, kind):
    """The properties of all resources of a type, by name."""
    return {
        name: made.get("Properties", {})
        for name, made in stack["Resources"].items()
        if made["Type"] == kind
    }


def only(stack, kind):
    """The properties of the one resource of a type."""
    (found,) = of_type(stack, kind).values()
    return found
