"""SageMaker's blue/green update: a second fleet, traffic moved, alarms watched, moved back when one fires."""

from typing import Any

from infra.endpoint.sagemaker import settle
from infra.errors import DeployError
from infra.monitoring.alarm import endpoint_alarms
from infra.session import Clients

# Long enough for the alarms' three points of a minute.
BAKE_SECONDS = 300
# The old fleet is paid for this long after it lost its traffic.
KEEP_SECONDS = 60
MOVE_SECONDS = 3_600
# A canary may be at most half of the fleet, so it needs two instances.
SMALLEST_FLEET_WITH_CANARY = 2


def instance_type(sagemaker: Any, config: str) -> str | None:
    """Read the instance type of an endpoint configuration, None for serverless."""
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    kind: str | None = variants[0].get("InstanceType")
    return kind


def refuse_impossible(sagemaker: Any, old: str, new: str) -> None:
    """Raise DeployError for the one change of hosting that SageMaker does not do."""
    if instance_type(sagemaker, old) and not instance_type(sagemaker, new):
        raise DeployError(
            "SageMaker cannot turn an endpoint with instances into a serverless one: delete it first (--destroy)."
        )


def move_traffic(
    clients: Clients, endpoint: dict[str, Any], new: str, *, alarms: list[str]
) -> dict[str, Any]:
    """Write update_endpoint's parameters: from a described endpoint to the configuration `new`."""
    old_type, new_type = (
        instance_type(clients.sagemaker, config) for config in (endpoint["EndpointConfigName"], new)
    )
    request: dict[str, Any] = {"EndpointName": endpoint["EndpointName"], "EndpointConfigName": new}
    if new_type is None:
        # Serverless has no fleet: SageMaker moves the traffic all at once, without alarms.
        return request
    count = endpoint["ProductionVariants"][0].get("CurrentInstanceCount", 1)
    # As many instances as scaling has started by now, not as the configuration began with.
    kept = {"RetainAllVariantProperties": True} if old_type == new_type else {}
    rollback = (
        {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}}
        if alarms
        else {}
    )
    policy = {
        "TrafficRoutingConfiguration": routing(count if kept else 1),
        "TerminationWaitInSeconds": KEEP_SECONDS,
        "MaximumExecutionTimeoutInSeconds": MOVE_SECONDS,
    }
    return request | kept | {"DeploymentConfig": {"BlueGreenUpdatePolicy": policy} | rollback}


def routing(instances: int) -> dict[str, Any]:
    """Send one instance's share first where the fleet is large enough, else all."""
    if instances < SMALLEST_FLEET_WITH_CANARY:
        return {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": BAKE_SECONDS}
    canary = {"Type": "INSTANCE_COUNT", "Value": 1}
    return {"Type": "CANARY", "CanarySize": canary, "WaitIntervalInSeconds": BAKE_SECONDS}


def update(
    clients: Clients, standing: dict[str, Any], new: str, *, alarms: list[str], poll_seconds: float
) -> None:
    """Move the traffic and wait. Raises DeployError when SageMaker went back to the old configuration."""
    name = standing["EndpointName"]
    clients.sagemaker.update_endpoint(**move_traffic(clients, standing, new, alarms=alarms))
    moved = settle(clients.sagemaker, name, poll_seconds)
    if (
        moved is None
        or moved["EndpointStatus"] != "InService"
        or moved["EndpointConfigName"] != new
    ):
        reason = (moved or {}).get("FailureReason", "an alarm fired")
        raise DeployError(f"SageMaker took endpoint {name} back to the model before: {reason}")


def guards(endpoint: str) -> list[str]:
    """Name the alarms that take a new model back."""
    return [alarm.name for alarm in endpoint_alarms(endpoint)]
