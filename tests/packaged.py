"""Every stack as CloudFormation sees it: Chalice's template is expanded by AWS's SAM translator."""

import copy
import os
from dataclasses import replace
from functools import cache
from unittest import mock

from chalice.package import TemplateDeepMerger
from samtranslator.translator.transform import transform

from infra import config
from infra.endpoint.presets import PRESETS
from infra.packages import bundles
from infra.site import publish
from infra.stacks import api as api_stack
from infra.stacks import foundation as foundation_stack
from infra.stacks import functions
from infra.stacks import monitoring as monitoring_stack
from infra.stacks import site as site_stack

BUCKET = "birdapp-dev-123456789012-eu-west-1"
SITE_BUCKET = "birdapp-dev-site-123456789012"
SPECTROGRAM_KEY = "code/spectrogram-3.12-0123456789abcdef.zip"
SECURITY_POLICY = "default-src 'none'"


class NoManagedPolicies:
    """The translator asks for AWS's managed policies by name; none is used."""

    def load(self):
        """None."""
        return {}


@cache
def package(stage):
    """Chalice's template of a stage with our additions, once a session."""
    template, _ = bundles.package(config.load(stage))
    return template


def unexpanded(stage="dev", **changed):
    """The API's stack as it is sent. `changed` replaces settings that infra/stacks/api.py reads."""
    chosen = replace(config.load(stage), **changed)
    merged = TemplateDeepMerger().merge(api_stack.additions(chosen), package(stage))
    keys = {"code": "code/code.zip", "layer": "code/layer.zip"}
    return api_stack.finish(merged, chosen, BUCKET, **keys)


@cache
def api(stage="dev", **changed):
    """The API's stack, expanded."""
    return expand(unexpanded(stage, **changed))


@cache
def api_of_lambda(stage="dev"):
    """The API's stack where the model is in a Lambda, expanded."""
    return expand(api_stack.call_classifier(unexpanded(stage), config.load(stage)))


@cache
def spectrogram(stage="dev", **changed):
    """The spectrogram function's stack, expanded."""
    chosen = replace(config.load(stage), **changed)
    return expand(functions.spectrogram(chosen, BUCKET, SPECTROGRAM_KEY))


def foundation(stage="dev", **changed):
    """The stack of bucket, roles and logs."""
    return foundation_stack.template(replace(config.load(stage), **changed), BUCKET)


def classifier(stage="dev", **changed):
    """The stack of the model's Lambda, while a new version is tried."""
    chosen = replace(config.load(stage), **changed)
    hosting = PRESETS["lambda"].hosting
    versions = functions.Versions(
        *(
            functions.Version.of(chosen, hosting, f"code/{name}.zip", f"models/{name}")
            for name in ("live", "before", "trial")
        )
    )
    return functions.classifier(chosen, hosting, BUCKET, versions)


def monitoring(stage="dev", *, kind="instances", **changed):
    """The stack of alarms, dashboard and budget."""
    chosen = replace(config.load(stage), **changed)
    return monitoring_stack.template(chosen, kind)


def site(mode, security_policy=SECURITY_POLICY, bucket=SITE_BUCKET):
    """The page's stack."""
    return site_stack.template(bucket, mode, security_policy, security_policy)


def everything(stage="dev", **changed):
    """All resources of a stage, each with its type and properties."""
    chosen = replace(config.load(stage), **changed)
    site_bucket = publish.bucket_name(chosen, "123456789012")
    stacks = [
        api(stage, **changed),
        spectrogram(stage, **changed),
        classifier(stage, **changed),
        foundation_stack.template(chosen, chosen.bucket("123456789012")),
        monitoring(stage, **changed),
        *(site(mode, bucket=site_bucket) for mode in site_stack.MODES),
    ]
    return [resource for stack in stacks for resource in stack["Resources"].values()]


def expand(template):
    """Expand SAM's resources as AWS does."""
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "eu-west-1"}):
        return transform(copy.deepcopy(template), {}, NoManagedPolicies())


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
