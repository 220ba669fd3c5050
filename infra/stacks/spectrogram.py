"""Build and deploy the spectrogram Lambda on its own: python -m infra.stacks.spectrogram --help."""

import argparse
from typing import Any

from infra import cloudformation, s3
from infra.change import Change
from infra.config import Settings, load
from infra.errors import in_a_sentence
from infra.packages import wheels, zips
from infra.packages.spectrogram import HANDLER, build
from infra.session import Aws, connect
from infra.stacks.resources import ALIAS, lambda_role, log_group, tracing_policy


def deploy(aws: Aws, settings: Settings, package: zips.Package) -> list[Change]:
    """Upload the zip and bring up the function's stack. Raises DeployError, or ClientError where AWS refuses."""
    name = settings.bucket(aws.account)
    wanted = template(settings, name, package)
    return [
        *s3.ensure_stage_bucket(aws, name),
        s3.upload_package(aws, name, package),
        cloudformation.ensure_stack(aws, stack_name(settings), wanted),
    ]


def destroy(aws: Aws, settings: Settings) -> list[Change]:
    """Delete the function's stack; the bucket stays, which others use too."""
    return [cloudformation.delete_stack(aws, stack_name(settings))]


def stack_name(settings: Settings) -> str:
    """Name the CloudFormation stack of this function alone."""
    return f"{settings.spectrogram_function}-function"


def template(settings: Settings, code_bucket: str, package: zips.Package) -> dict[str, Any]:
    """Write the stack: the function, its role, its log; with warm copies an alias, and with X-Ray its permission."""
    logs = f"/aws/lambda/{settings.spectrogram_function}"
    resources = {
        "FunctionLogs": log_group(logs, settings.log_retention_days),
        "Role": lambda_role(logs),
        "Function": _function(settings, {"S3Bucket": code_bucket, "S3Key": package.key}),
    }
    if settings.xray:
        resources["TracingPolicy"] = tracing_policy("Role")
    if settings.spectrogram_provisioned_concurrency:
        resources |= _warm(settings, package)
    return {
        "Description": f"{settings.spectrogram_function}: sound in, spectrograms out",
        "Resources": resources,
    }


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
    return {
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["FunctionLogs"],
        "Properties": properties,
    }


def _warm(settings: Settings, package: zips.Package) -> dict[str, Any]:
    """Keep copies warm behind an alias. A version never changes, so new code needs a version of a new name."""
    version = f"Version{package.digest[:16]}"
    warm = {"ProvisionedConcurrentExecutions": settings.spectrogram_provisioned_concurrency}
    alias = {
        "FunctionName": {"Ref": "Function"},
        "Name": ALIAS,
        "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
        "ProvisionedConcurrencyConfig": warm,
    }
    return {
        version: {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Function"}},
        },
        "Alias": {"Type": "AWS::Lambda::Alias", "Properties": alias},
    }


def main(argv: list[str] | None = None) -> int:
    """Build the function's zip; with --deploy also bring it up on AWS."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--stage", default="dev")
    parser.add_argument(
        "--python", default=wheels.DEFAULT_PYTHON, help="the Python that runs in Lambda"
    )
    parser.add_argument("--deploy", action="store_true")
    given = parser.parse_args(argv)
    return in_a_sentence(lambda: _run(given))


def _run(given: argparse.Namespace) -> None:
    package = build(given.python)
    print(package)
    if given.deploy:
        settings = load(given.stage, python=given.python)
        print(*deploy(connect(settings.region), settings, package), sep="\n")


if __name__ == "__main__":
    raise SystemExit(main())
