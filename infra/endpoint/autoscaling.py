"""Application Auto Scaling for the endpoint's one variant: put there, changed, taken away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.change import Change, delete_if_there
from infra.endpoint.presets import CPU, Scaling
from infra.monitoring.alarm import VARIANT

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def resource_id(endpoint: str) -> str:
    """Name the variant as Application Auto Scaling does."""
    return f"endpoint/{endpoint}/variant/{VARIANT}"


def policy_name(endpoint: str) -> str:
    """Name the one policy of an endpoint."""
    return f"{endpoint}-target"


def target_tracking(endpoint: str, scaling: Scaling) -> dict[str, Any]:
    """Write the target tracking configuration of a scaling."""
    metric: dict[str, Any] = {
        "PredefinedMetricSpecification": {"PredefinedMetricType": scaling.metric}
    }
    if scaling.metric == CPU:
        dimensions = {"EndpointName": endpoint, "VariantName": VARIANT}
        metric = {
            "CustomizedMetricSpecification": {
                "MetricName": CPU,
                "Namespace": "/aws/sagemaker/Endpoints",
                "Dimensions": [
                    {"Name": name, "Value": value} for name, value in dimensions.items()
                ],
                "Statistic": "Average",
                "Unit": "Percent",
            }
        }
    cooldowns = {
        "ScaleOutCooldown": scaling.scale_out_cooldown,
        "ScaleInCooldown": scaling.scale_in_cooldown,
    }
    return {"TargetValue": scaling.target, "DisableScaleIn": False} | cooldowns | metric


def ensure_scaling(
    autoscaling: Any, cloudwatch: Any, *, endpoint: str, scaling: Scaling
) -> list[Change]:
    """Give the endpoint this scaling and no other."""
    return [
        ensure_target(autoscaling, endpoint, scaling),
        ensure_policy(autoscaling, endpoint, scaling),
        *ensure_statistics(autoscaling, cloudwatch, endpoint=endpoint, scaling=scaling),
    ]


def ensure_target(autoscaling: Any, endpoint: str, scaling: Scaling) -> Change:
    """Register the variant with its smallest and largest number of instances."""
    resource = f"scalable target {resource_id(endpoint)}"
    wanted = {"MinCapacity": scaling.smallest, "MaxCapacity": scaling.largest}
    found = find_targets(autoscaling, endpoint)
    if found and wanted.items() <= found[0].items():
        return Change(resource, "unchanged")
    autoscaling.register_scalable_target(
        ServiceNamespace=NAMESPACE,
        ResourceId=resource_id(endpoint),
        ScalableDimension=DIMENSION,
        **wanted,
    )
    return Change(resource, "updated" if found else "created")


def find_targets(autoscaling: Any, endpoint: str) -> list[dict[str, Any]]:
    """Find the endpoint's registration, or nothing."""
    targets: list[dict[str, Any]] = autoscaling.describe_scalable_targets(
        ServiceNamespace=NAMESPACE, ResourceIds=[resource_id(endpoint)], ScalableDimension=DIMENSION
    )["ScalableTargets"]
    return targets


def ensure_policy(autoscaling: Any, endpoint: str, scaling: Scaling) -> Change:
    """Put the target tracking policy there."""
    resource = f"scaling policy {policy_name(endpoint)}"
    wanted = target_tracking(endpoint, scaling)
    found = find_policies(autoscaling, endpoint)
    if found and wanted.items() <= found[0]["TargetTrackingScalingPolicyConfiguration"].items():
        return Change(resource, "unchanged")
    autoscaling.put_scaling_policy(
        PolicyName=policy_name(endpoint),
        ServiceNamespace=NAMESPACE,
        ResourceId=resource_id(endpoint),
        ScalableDimension=DIMENSION,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=wanted,
    )
    return Change(resource, "updated" if found else "created")


def find_policies(autoscaling: Any, endpoint: str) -> list[dict[str, Any]]:
    """Find the endpoint's policy, or nothing."""
    policies: list[dict[str, Any]] = autoscaling.describe_scaling_policies(
        PolicyNames=[policy_name(endpoint)],
        ServiceNamespace=NAMESPACE,
        ResourceId=resource_id(endpoint),
        ScalableDimension=DIMENSION,
    )["ScalingPolicies"]
    return policies


def ensure_statistics(
    autoscaling: Any, cloudwatch: Any, *, endpoint: str, scaling: Scaling
) -> list[Change]:
    """Edit the alarm that AWS made for scaling out, as the report did, where another statistic is wanted than AWS's.

    AWS makes 3 points of 60 s, and makes them again whenever the policy is put; so this comes after the policy.
    """
    alarms = find_policies(autoscaling, endpoint)[0].get("Alarms", [])
    names = [alarm["AlarmName"] for alarm in alarms if "AlarmHigh" in alarm["AlarmName"]]
    standing = cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
    return [edit_alarm(cloudwatch, alarm, scaling) for alarm in standing]


def edit_alarm(cloudwatch: Any, alarm: dict[str, Any], scaling: Scaling) -> Change:
    """Give one alarm the scaling's period and number of points; all else of it stays."""
    resource = f"alarm {alarm['AlarmName']}"
    wanted = {"Period": scaling.statistic_seconds, "EvaluationPeriods": scaling.points}
    if wanted.items() <= alarm.items():
        return Change(resource, "unchanged")
    known = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    kept = {
        key: value for key, value in alarm.items() if key in known and key != "DatapointsToAlarm"
    }
    cloudwatch.put_metric_alarm(**kept | wanted)
    return Change(resource, "updated")


def remove_scaling(autoscaling: Any, endpoint: str) -> list[Change]:
    """Take the policy and the registration away; AWS deletes the policy's alarms with it."""
    common = {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource_id(endpoint),
        "ScalableDimension": DIMENSION,
    }
    # AWS gives the code, its emulators the words.
    missing = ("ObjectNotFoundException", "No scaling policy found", "No scalable target found")
    policy, target = (
        f"scaling policy {policy_name(endpoint)}",
        f"scalable target {resource_id(endpoint)}",
    )
    return [
        delete_if_there(
            policy,
            autoscaling.delete_scaling_policy,
            missing=missing,
            PolicyName=policy_name(endpoint),
            **common,
        ),
        delete_if_there(target, autoscaling.deregister_scalable_target, missing=missing, **common),
    ]


@contextmanager
def scaling_taken_off(autoscaling: Any, endpoint: str) -> Iterator[None]:
    """Take scaling away for a while, and put the same back whatever happened: SageMaker changes no machine under it."""
    common = {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource_id(endpoint),
        "ScalableDimension": DIMENSION,
    }
    targets, policies = find_targets(autoscaling, endpoint), find_policies(autoscaling, endpoint)
    remove_scaling(autoscaling, endpoint)
    try:
        yield
    finally:
        for target in targets:
            bounds = {key: target[key] for key in ("MinCapacity", "MaxCapacity")}
            autoscaling.register_scalable_target(**common, **bounds)
        for policy in policies:
            kept = {
                key: policy[key]
                for key in ("PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration")
            }
            autoscaling.put_scaling_policy(**common, **kept)
