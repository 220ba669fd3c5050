"""A project for plain `chalice deploy`: python -m infra.packages.plain_chalice --stage dev.

Chalice alone knows neither the account nor the layer. This copies birdapp to build/chalice/STAGE,
writes both into the copy's settings and policy, and publishes the layer. The gateway's limits and
responses stay Chalice's: `make deploy` is the way for anything that strangers can reach.
"""

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import Any

from infra import config, s3
from infra.errors import run_cli
from infra.packages import bundles, zips
from infra.session import Account, connect, fit_concurrency
from infra.stacks import foundation

PARTITION = "aws"


def write_project(account: Account, settings: config.Settings, folder: Path) -> Path:
    """Write the copy and publish its layer; Chalice's record of what it has deployed is kept."""
    deployed = folder / ".chalice" / "deployed"
    records = {file.name: file.read_bytes() for file in deployed.glob("*.json")}
    shutil.rmtree(folder, ignore_errors=True)
    bundles.copy_project(folder)
    deployed.mkdir(exist_ok=True)
    for name, content in records.items():
        (deployed / name).write_bytes(content)
    written = config.read_config()
    of_stage = written["stages"][settings.stage] | _of_stage(account, settings)
    if not fit_concurrency(account, settings).reserved_concurrency:
        # docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: AWS keeps 100 free.
        del of_stage["reserved_concurrency"]
    written["stages"] = {settings.stage: of_stage}
    (folder / ".chalice" / "config.json").write_text(json.dumps(written, indent=2))
    policy = folder / ".chalice" / of_stage["iam_policy_file"]
    policy.write_text(json.dumps(fill(policy.read_text(), account), indent=2))
    return folder


def fill(policy: str, account: Account) -> Any:
    """Return a policy with each {"Fn::Sub": text} as its text, account and region filled in."""
    known = {
        "AWS::Partition": PARTITION,
        "AWS::Region": account.region,
        "AWS::AccountId": account.account_id,
    }

    def substitute(value: dict[str, Any]) -> Any:
        if set(value) != {"Fn::Sub"}:
            return value
        return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], value["Fn::Sub"])

    return json.loads(policy, object_hook=substitute)


def ensure_layer(account: Account, settings: config.Settings, package: zips.Package) -> str:
    """Publish the layer unless this content is its newest version; return its ARN."""
    name = f"{settings.function}-ffmpeg-direct"
    versions = account.functions.list_layer_versions(LayerName=name)["LayerVersions"]
    if versions and versions[0].get("Description") == package.digest:
        return versions[0]["LayerVersionArn"]
    bucket = settings.bucket(account.account_id)
    foundation.ensure(account, settings)
    s3.upload_once(account, bucket, package.key, package.path.read_bytes())
    made = account.functions.publish_layer_version(
        LayerName=name,
        Description=package.digest,
        Content={"S3Bucket": bucket, "S3Key": package.key},
        # AWS knows runtimes before the stubs do.
        CompatibleRuntimes=[settings.runtime],  # type: ignore[list-item]
    )
    return made["LayerVersionArn"]


def _of_stage(account: Account, settings: config.Settings) -> dict[str, Any]:
    return {
        # The layer holds what requirements.txt names; the copy has no such file.
        "automatic_layer": False,
        "layers": [ensure_layer(account, settings, bundles.build_layer(settings.python))],
        "log_retention_in_days": settings.log_retention_days,
    }


def main(argv: list[str] | None = None) -> int:
    program = "python -m infra.packages.plain_chalice"
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    parser.add_argument("--stage", default="dev")
    given = parser.parse_args(argv)
    return run_cli(lambda: _write_and_print(config.load(given.stage)))


def _write_and_print(settings: config.Settings) -> None:
    account = connect(settings.region)
    folder = write_project(account, settings, config.BUILD / "chalice" / settings.stage)
    command = f"chalice --project-dir {folder} deploy --stage {settings.stage}"
    print(f"# Lambda gets the Python that runs Chalice: {settings.python} here")
    print(f"AWS_DEFAULT_REGION={settings.region} {command}")


if __name__ == "__main__":
    raise SystemExit(main())
