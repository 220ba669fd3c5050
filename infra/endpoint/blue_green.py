"""SageMaker's blue/green update: a second fleet takes the traffic, which an alarm takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.endpoint.sagemaker import settle
from infra.errors import DeployError
from infra.session import Account

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

# Long enough for the alarms' three points of a minute.
BAKE_SECONDS = 300
# The old fleet is paid for this long after it lost its traffic.
KEEP_SECONDS = 60
MOVE_SECONDS = 3_600
# A canary may be at most half of the fleet, so it needs two instances.
SMALLEST_FLEET_WITH_CANARY = 2


def find_instance_type(sagemaker: SageMakerClient, config: str) -> str | None:
    """Return the instance type of an endpoint configuration, None for serverless."""
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    return variants[0].get("InstanceType")


def refuse_impossible(sagemaker: SageMakerClient, old: str, new: str) -> None:
    """Raise DeployError for the one change of hosting that SageMaker does not do."""
    if find_instance_type(sagemaker, old) and not find_instance_type(sagemaker, new):
        raise DeployError(
            "SageMaker cannot turn an endpoint with instances into a serverless one: "
            "delete it first (--destroy)."
        )


def move_traffic(
    account: Account, existing: DescribeEndpointOutputTypeDef, new: str, *, alarms: list[str]
) -> None:
    """Move an endpoint to the configuration `new` and wait.

    Raises DeployError when SageMaker went back to the old configuration.
    """
    name, sagemaker = existing["EndpointName"], account.sagemaker
    sagemaker.update_endpoint(**update_request(sagemaker, existing, new, alarms))
    moved = settle(account, name)
    if moved is None:
        raise DeployError(f"Endpoint {name} was deleted while its traffic was moved.")
    if moved["EndpointStatus"] != "InService" or moved["EndpointConfigName"] != new:
        reason = moved.get("FailureReason", "an alarm fired")
        raise DeployError(f"SageMaker took endpoint {name} back to the model before: {reason}")


def update_request(
    sagemaker: SageMakerClient, existing: DescribeEndpointOutputTypeDef, new: str, alarms: list[str]
) -> dict[str, Any]:
    old_type = find_instance_type(sagemaker, existing["EndpointConfigName"])
    new_type = find_instance_type(sagemaker, new)
    request: dict[str, Any] = {"EndpointName": existing["EndpointName"], "EndpointConfigName": new}
    if new_type is None:
        # Serverless has no fleet: SageMaker moves the traffic all at once, without alarms.
        return request
    count = existing["ProductionVariants"][0].get("CurrentInstanceCount", 1)
    # As many instances as scaling has started by now, not as the configuration began with.
    retain = {"RetainAllVariantProperties": True} if old_type == new_type else {}
    policy = {
        "TrafficRoutingConfiguration": routing(count if retain else 1),
        "TerminationWaitInSeconds": KEEP_SECONDS,
        "MaximumExecutionTimeoutInSeconds": MOVE_SECONDS,
    }
    deployment: dict[str, Any] = {"BlueGreenUpdatePolicy": policy}
    if alarms:
        names = [{"AlarmName": name} for name in alarms]
        deployment["AutoRollbackConfiguration"] = {"Alarms": names}
    return request | retain | {"DeploymentConfig": deployment}


def routing(instances: int) -> dict[str, Any]:
    """Return how the traffic moves: one instance's share first where the fleet is large enough."""
    if instances < SMALLEST_FLEET_WITH_CANARY:
        return {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": BAKE_SECONDS}
    canary = {"Type": "INSTANCE_COUNT", "Value": 1}
    return {"Type": "CANARY", "CanarySize": canary, "WaitIntervalInSeconds": BAKE_SECONDS}
