"""What exists of a stage on AWS, asked there and not remembered here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cloudformation import find_stack, outputs
from infra.config import Settings
from infra.endpoint.plan import candidate_name
from infra.endpoint.sagemaker import find_endpoint, list_configs, list_models
from infra.session import Account
from infra.stage import stacks

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# An output of a stack -> the line that shows it.
SHOWN = {
    "Address": "site {}",
    "EndpointURL": "API {}",
    "Bucket": "bucket {} (code, models, training data)",
}


def list_existing(account: Account, settings: Settings) -> list[str]:
    """Return a line for each thing that exists, those that cost by the hour first."""
    return [*_endpoints(account, settings), *_stacks(account, settings)]


def lines(account: Account, settings: Settings) -> list[str]:
    """Return the list with its heading."""
    found = list_existing(account, settings)
    if not found:
        return [f"Nothing of stage {settings.stage} exists in {settings.region}."]
    return [
        f"Stage {settings.stage} in {settings.region} has:",
        *(f"  {it}" for it in found),
    ]


def _endpoints(account: Account, settings: Settings) -> list[str]:
    names = (settings.endpoint, candidate_name(settings.endpoint))
    found = [(name, find_endpoint(account.sagemaker, name)) for name in names]
    configs = list_configs(account.sagemaker, settings.endpoint)
    models = list_models(account.sagemaker, settings.endpoint)
    return [
        *(
            f"endpoint {name}: {it['EndpointStatus']} (paid by the hour)"
            for name, it in found
            if it
        ),
        *(f"endpoint configuration {name}" for name in configs),
        *(f"model {name}" for name in models),
    ]


def _stacks(account: Account, settings: Settings) -> list[str]:
    found = [stack for name in stacks(settings) if (stack := find_stack(account, name))]
    addresses = [line for stack in found for line in _shown(stack)]
    return addresses + [f"stack {stack['StackName']}: {stack['StackStatus']}" for stack in found]


def _shown(stack: StackTypeDef) -> list[str]:
    named = outputs(stack)
    return [text.format(named[key].rstrip("/")) for key, text in SHOWN.items() if key in named]
