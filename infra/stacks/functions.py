"""The stacks of the two Lambdas that the main one calls: each the function, its role, its log."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from infra.alarms import classifier_alarms
from infra.config import Settings
from infra.endpoint.presets import Function
from infra.stacks.foundation import topic
from infra.stacks.resources import (
    ALIAS,
    SAM,
    lambda_role,
    log_group,
    resource,
    tracing_policy,
    warm,
)


@dataclass(frozen=True)
class Version:
    """A published state of the classifier: the keys of its zip and model, a digest of all in it."""

    code: str
    model: str
    digest: str

    @classmethod
    def of(cls, settings: Settings, hosting: Function, code: str, model: str) -> "Version":
        properties = _classifier_properties(settings, hosting)
        made_of = json.dumps([code, model, properties], sort_keys=True)
        return cls(code, model, hashlib.sha256(made_of.encode()).hexdigest()[:12])

    @property
    def logical_id(self) -> str:
        return f"Version{self.digest}"

    @property
    def number(self) -> dict[str, Any]:
        return {"Fn::GetAtt": [self.logical_id, "Version"]}


@dataclass(frozen=True)
class Versions:
    """What the alias calls, what it called before, and what is tried beside them by its number."""

    live: Version
    before: Version | None = None
    trial: Version | None = None

    def kept(self) -> dict[str, Version]:
        """Return those that exist, by what they are."""
        return {name: version for name, version in vars(self).items() if version}


def spectrogram_stack(settings: Settings) -> str:
    return f"{settings.spectrogram_function}-function"


def classifier_stack(settings: Settings) -> str:
    return f"{settings.endpoint}-function"


def spectrogram(settings: Settings, code_bucket: str, key: str) -> dict[str, Any]:
    """Return the stack's template, with the zip at `key`."""
    name = settings.spectrogram_function
    properties: dict[str, Any] = {
        "FunctionName": name,
        "Runtime": settings.runtime,
        "Architectures": ["x86_64"],
        "Handler": "handler.handler",
        "CodeUri": {"Bucket": code_bucket, "Key": key},
        "MemorySize": settings.spectrogram_memory_size,
        "Timeout": settings.spectrogram_timeout,
        "Tracing": "Active" if settings.xray else "PassThrough",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    properties |= _cap(settings) | warm(settings.spectrogram_provisioned_concurrency)
    function = resource("Serverless::Function", **properties) | {"DependsOn": ["FunctionLogs"]}
    resources = _role_and_logs(settings, name) | {"Function": function}
    description = f"{name}: sound in, spectrograms out"
    return {"Transform": SAM, "Description": description, "Resources": resources}


def classifier(
    settings: Settings, hosting: Function, code_bucket: str, versions: Versions
) -> dict[str, Any]:
    """Return the template of the model's Lambda. Outputs: its versions, and the trial's number.

    A version is published when it first appears here. Its alarms are here too, for they guard each
    update.
    """
    newest = versions.trial or versions.live
    code = {"S3Bucket": code_bucket, "S3Key": newest.code}
    properties = _classifier_properties(settings, hosting) | _cap(settings) | {"Code": code}
    function = resource("Lambda::Function", **properties) | {"DependsOn": ["FunctionLogs"]}
    called: dict[str, Any] = {"FunctionName": {"Ref": "Function"}}
    published = {
        it.logical_id: resource("Lambda::Version", **called, Description=it.code)
        for it in versions.kept().values()
    }
    alarms = classifier_alarms(settings.endpoint)
    resources = {
        **_role_and_logs(settings, settings.endpoint),
        "Function": function,
        **published,
        "Alias": resource(
            "Lambda::Alias", **called, Name=ALIAS, FunctionVersion=versions.live.number
        ),
        **{alarm.logical_id: alarm.resource(topic(settings)) for alarm in alarms},
    }
    outputs: dict[str, Any] = {
        name.capitalize(): {"Value": f"{it.code} {it.model} {it.digest}"}
        for name, it in versions.kept().items()
    }
    if versions.trial:
        outputs["TrialNumber"] = {"Value": versions.trial.number}
    description = f"{settings.endpoint}: spectrograms in, species out"
    return {"Description": description, "Resources": resources, "Outputs": outputs}


def read_versions(outputs: dict[str, str]) -> Versions:
    """Return the versions that a stack's outputs name."""
    names = ("live", "before", "trial")
    texts = {name: outputs.get(name.capitalize()) for name in names}
    return Versions(**{name: Version(*text.split()) for name, text in texts.items() if text})


def _classifier_properties(settings: Settings, hosting: Function) -> dict[str, Any]:
    """Return what a version of the classifier keeps, but for its code."""
    return {
        "FunctionName": settings.endpoint,
        "Runtime": settings.runtime,
        "Architectures": ["x86_64"],
        "Handler": "handler.handler",
        "MemorySize": hosting.memory_mb,
        "Timeout": hosting.timeout,
        "TracingConfig": {"Mode": "Active" if settings.xray else "PassThrough"},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }


def _role_and_logs(settings: Settings, function: str) -> dict[str, Any]:
    """Return a function's log group and role; X-Ray has its permission."""
    logs = f"/aws/lambda/{function}"
    tracing = {"TracingPolicy": tracing_policy("Role")} if settings.xray else {}
    group = log_group(logs, settings.log_retention_days)
    return {"FunctionLogs": group, "Role": lambda_role(logs)} | tracing


def _cap(settings: Settings) -> dict[str, int]:
    cap = settings.reserved_concurrency
    return {"ReservedConcurrentExecutions": cap} if cap else {}
