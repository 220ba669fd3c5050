"""What stands of a stage on AWS, asked there and not remembered here."""

from typing import Any

from botocore.exceptions import ClientError

from infra import cloudformation, stage
from infra.change import error_code
from infra.config import Settings
from infra.endpoint.plan import candidate_name
from infra.endpoint.sagemaker import find_endpoint, list_configs, list_models
from infra.monitoring.alarms import stage_alarms
from infra.monitoring.log_retention import find_group
from infra.monitoring.monitor import log_groups
from infra.session import Account, Aws, Clients, Watchers
from infra.site import publish
from infra.site.cloudfront import find_distribution
from infra.stacks import spectrogram as spectrogram_stack
from infra.stacks import training_role


def list_standing(account: Account, settings: Settings) -> list[str]:
    """Say each thing that stands, those that cost by the hour first."""
    aws = account.aws
    return [
        *_endpoints(account.endpoint, settings),
        *_site(account, settings),
        *_stacks(aws, settings),
        *_bucket(aws, settings),
        *_watch(account.watchers, settings),
    ]


def lines(account: Account, settings: Settings) -> list[str]:
    """Set the list as text."""
    found = list_standing(account, settings)
    if not found:
        return [f"Nothing of stage {settings.stage} stands in {settings.region}."]
    return [
        f"Standing of stage {settings.stage} in {settings.region}:",
        *(f"  {line}" for line in found),
    ]


def _endpoints(clients: Clients, settings: Settings) -> list[str]:
    found = []
    for name in (settings.endpoint, candidate_name(settings.endpoint)):
        endpoint = find_endpoint(clients.sagemaker, name)
        found += (
            [f"endpoint {name}: {endpoint['EndpointStatus']} (paid by the hour)"]
            if endpoint
            else []
        )
    found += [
        f"endpoint configuration {name}"
        for name in list_configs(clients.sagemaker, settings.endpoint)
    ]
    return found + [f"model {name}" for name in list_models(clients.sagemaker, settings.endpoint)]


def _stacks(aws: Aws, settings: Settings) -> list[str]:
    names = (
        settings.api_stack,
        spectrogram_stack.stack_name(settings),
        training_role.stack_name(settings),
    )
    found = [cloudformation.find_stack(aws, name) for name in names]
    named = {
        output["OutputKey"]: output["OutputValue"] for output in (found[0] or {}).get("Outputs", [])
    }
    address = [f"API {named['EndpointURL'].rstrip('/')}"] if "EndpointURL" in named else []
    return address + [
        f"stack {stack['StackName']}: {stack['StackStatus']}" for stack in found if stack
    ]


def _site(account: Account, settings: Settings) -> list[str]:
    name = publish.bucket_name(settings, account.aws.account)
    behind = find_distribution(account.site.cloudfront, name)
    found = [f"site https://{behind['DomainName']} (CloudFront)"] if behind else []
    if not _is_bucket(account.site.s3, name, account.aws.account):
        return found
    return [
        *(found or [f"site {publish.website_url(name, settings.region)}"]),
        f"bucket {name} (the page)",
    ]


def _bucket(aws: Aws, settings: Settings) -> list[str]:
    name = settings.bucket(aws.account)
    return (
        [f"bucket {name} (code, models, training data)"]
        if _is_bucket(aws.s3, name, aws.account)
        else []
    )


def _is_bucket(s3: Any, name: str, account: str) -> bool:
    """Tell whether the account has the bucket; another account's bucket of that name is not ours."""
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except ClientError as error:
        if error_code(error) in {"404", "403", "NoSuchBucket"}:
            return False
        raise
    return True


def _watch(watchers: Watchers, settings: Settings) -> list[str]:
    watched = stage.watched(settings)
    names = [alarm.name for alarm in stage_alarms(watched)]
    alarms = watchers.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    found = [f"{len(alarms)} alarms"] if alarms else []
    dashboards = watchers.cloudwatch.list_dashboards(DashboardNamePrefix=watched.name)[
        "DashboardEntries"
    ]
    found += [
        f"dashboard {entry['DashboardName']}"
        for entry in dashboards
        if entry["DashboardName"] == watched.name
    ]
    return found + [
        f"log group {group}" for group in log_groups(watched) if find_group(watchers.logs, group)
    ]
