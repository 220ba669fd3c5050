"""The spectrogram Lambda's stack: the function, its role, its log."""

from typing import Any

from infra.config import Settings
from infra.stacks.resources import SAM, lambda_role, log_group, resource, tracing_policy, warm


def stack_name(settings: Settings) -> str:
    return f"{settings.spectrogram_function}-function"


def template(settings: Settings, code_bucket: str, key: str) -> dict[str, Any]:
    """Return the stack's template, with the zip at `key`; X-Ray has its permission."""
    logs = f"/aws/lambda/{settings.spectrogram_function}"
    resources = {
        "FunctionLogs": log_group(logs, settings.log_retention_days),
        "Role": lambda_role(logs),
        "Function": _function(settings, {"Bucket": code_bucket, "Key": key}),
    }
    if settings.xray:
        resources["TracingPolicy"] = tracing_policy("Role")
    description = f"{settings.spectrogram_function}: sound in, spectrograms out"
    return {"Transform": SAM, "Description": description, "Resources": resources}


def _function(settings: Settings, code: dict[str, str]) -> dict[str, Any]:
    properties = {
        "FunctionName": settings.spectrogram_function,
        "Runtime": settings.runtime,
        "Architectures": ["x86_64"],
        "Handler": "handler.handler",
        "CodeUri": code,
        "MemorySize": settings.spectrogram_memory_size,
        "Timeout": settings.spectrogram_timeout,
        "Tracing": "Active" if settings.xray else "PassThrough",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    if settings.reserved_concurrency:
        properties["ReservedConcurrentExecutions"] = settings.reserved_concurrency
    properties |= warm(settings.spectrogram_provisioned_concurrency)
    return resource("Serverless::Function", **properties) | {"DependsOn": ["FunctionLogs"]}
