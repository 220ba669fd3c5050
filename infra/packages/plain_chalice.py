"""A project for plain `chalice deploy`, without CloudFormation: python -m infra.packages.plain_chalice --stage dev.

Chalice alone knows neither the account nor the layer. This copies birdapp to build/chalice/STAGE, writes both into the
copy's settings and policy, and publishes the layer. The gateway's limits and own answers stay Chalice's: `make deploy`
is the way for anything that strangers can reach.
"""

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import Any

from infra import config, s3
from infra.errors import in_a_sentence
from infra.packages import api, layer, zips
from infra.session import Aws, connect

BUILD = config.ROOT / "build" / "chalice"
PARTITION = "aws"


def write_project(aws: Aws, chosen: config.Settings, folder: Path) -> Path:
    """Write the copy, and publish what it names. A copy's record of what Chalice has deployed is kept."""
    deployed = folder / ".chalice" / "deployed"
    kept = (
        {file.name: file.read_bytes() for file in deployed.glob("*.json")}
        if deployed.exists()
        else {}
    )
    shutil.rmtree(folder, ignore_errors=True)
    api.copy_project(folder)
    deployed.mkdir(exist_ok=True)
    for name, content in kept.items():
        (deployed / name).write_bytes(content)
    written = config.read_config()
    written["stages"] = {chosen.stage: written["stages"][chosen.stage] | _of_stage(aws, chosen)}
    (folder / ".chalice" / "config.json").write_text(json.dumps(written, indent=2))
    policy = folder / ".chalice" / written["stages"][chosen.stage]["iam_policy_file"]
    policy.write_text(json.dumps(filled(json.loads(policy.read_text()), aws), indent=2))
    return folder


def filled(value: Any, aws: Aws) -> Any:
    """Replace each {"Fn::Sub": text} by its text, with the account and region in it."""
    if isinstance(value, dict) and set(value) == {"Fn::Sub"}:
        known = {
            "AWS::Partition": PARTITION,
            "AWS::Region": aws.region,
            "AWS::AccountId": aws.account,
        }
        return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], value["Fn::Sub"])
    if isinstance(value, dict):
        return {key: filled(inner, aws) for key, inner in value.items()}
    return [filled(inner, aws) for inner in value] if isinstance(value, list) else value


def ensure_layer(aws: Aws, chosen: config.Settings, package: zips.Package) -> str:
    """Publish the layer unless this very content is its newest version; answer its ARN."""
    name = f"{chosen.function}-ffmpeg-direct"
    versions = aws.functions.list_layer_versions(LayerName=name)["LayerVersions"]
    if versions and versions[0].get("Description") == package.digest:
        return str(versions[0]["LayerVersionArn"])
    code_bucket = chosen.bucket(aws.account)
    s3.ensure_stage_bucket(aws, code_bucket)
    s3.upload_package(aws, code_bucket, package)
    content = {"S3Bucket": code_bucket, "S3Key": package.key}
    made = aws.functions.publish_layer_version(
        LayerName=name,
        Description=package.digest,
        Content=content,
        CompatibleRuntimes=[chosen.runtime],
    )
    return str(made["LayerVersionArn"])


def _of_stage(aws: Aws, chosen: config.Settings) -> dict[str, Any]:
    return {
        # The layer holds what requirements.txt names; the copy has no such file.
        "automatic_layer": False,
        "layers": [ensure_layer(aws, chosen, layer.build(chosen.python))],
        "log_retention_in_days": chosen.log_retention_days,
    }


def main(argv: list[str] | None = None) -> int:
    """Write the project and say how to deploy it."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.packages.plain_chalice", description=__doc__
    )
    parser.add_argument("--stage", default="dev")
    given = parser.parse_args(argv)
    return in_a_sentence(lambda: _write_and_say(given.stage))


def _write_and_say(stage: str) -> None:
    chosen = config.load(stage)
    folder = write_project(connect(chosen.region), chosen, BUILD / stage)
    print(
        f"# with a Chalice that runs on Python {chosen.python}: Lambda gets the Python that runs Chalice"
    )
    print(
        f"AWS_DEFAULT_REGION={chosen.region} chalice --project-dir {folder} deploy --stage {stage}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
