"""The spectrogram Lambda's stack: the function, its role, its log."""

from pathlib import PurePosixPath
from typing import Any

from infra.config import Settings
from infra.stacks.resources import ALIAS, lambda_role, log_group, resource, tracing_policy

HANDLER = "handler.handler"
DIGEST_CHARACTERS = 16


def stack_name(settings: Settings) -> str:
    return f"{settings.spectrogram_function}-function"


def template(settings: Settings, code_bucket: str, key: str) -> dict[str, Any]:
    """Return the stack's template, with the zip at `key`, whose name ends in its digest.

    Warm copies have an alias, X-Ray its permission.
    """
    logs = f"/aws/lambda/{settings.spectrogram_function}"
    resources = {
        "FunctionLogs": log_group(logs, settings.log_retention_days),
        "Role": lambda_role(logs),
        "Function": _function(settings, {"S3Bucket": code_bucket, "S3Key": key}),
    }
    if settings.xray:
        resources["TracingPolicy"] = tracing_policy("Role")
    if settings.spectrogram_provisioned_concurrency:
        resources |= _warm(settings, PurePosixPath(key).stem[-DIGEST_CHARACTERS:])
    description = f"{settings.spectrogram_function}: sound in, spectrograms out"
    return {"Description": description, "Resources": resources}


def _function(settings: Settings, code: dict[str, str]) -> dict[str, Any]:
    properties = {
        "FunctionName": settings.spectrogram_function,
        "Runtime": settings.runtime,
        "Architectures": ["x86_64"],
        "Handler": HANDLER,
        "Code": code,
        "MemorySize": settings.spectrogram_memory_size,
        "Timeout": settings.spectrogram_timeout,
        "TracingConfig": {"Mode": "Active" if settings.xray else "PassThrough"},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    if settings.reserved_concurrency:
        properties["ReservedConcurrentExecutions"] = settings.reserved_concurrency
    return resource("Lambda::Function", **properties) | {"DependsOn": ["FunctionLogs"]}


def _warm(settings: Settings, digest: str) -> dict[str, Any]:
    """Keep copies warm behind an alias. A version never changes: new code needs a new name."""
    version, function = f"Version{digest}", {"Ref": "Function"}
    warm = {"ProvisionedConcurrentExecutions": settings.spectrogram_provisioned_concurrency}
    alias = {
        "FunctionName": function,
        "Name": ALIAS,
        "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
        "ProvisionedConcurrencyConfig": warm,
    }
    return {
        version: resource("Lambda::Version", FunctionName=function),
        "Alias": resource("Lambda::Alias", **alias),
    }
