"""Application Auto Scaling for the endpoint's one variant: made, changed, suspended, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from infra.alarms import VARIANT
from infra.change import Change, delete_if_there
from infra.endpoint.presets import CPU, Scaling
from infra.session import Account

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import type_defs
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

# AWS has codes, its emulators have texts.
MISSING = ("ObjectNotFoundException", "No scaling policy found", "No scalable target found")


class Variant(TypedDict):
    ServiceNamespace: Literal["sagemaker"]
    ResourceId: str
    ScalableDimension: Literal["sagemaker:variant:DesiredInstanceCount"]


def variant(endpoint: str) -> Variant:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def policy_name(endpoint: str) -> str:
    return f"{endpoint}-target"


def target_tracking(endpoint: str, scaling: Scaling) -> dict[str, Any]:
    predefined = {"PredefinedMetricType": scaling.metric}
    metric: dict[str, Any] = {"PredefinedMetricSpecification": predefined}
    if scaling.metric == CPU:
        dimensions = {"EndpointName": endpoint, "VariantName": VARIANT}
        customized = {
            "MetricName": CPU,
            "Namespace": "/aws/sagemaker/Endpoints",
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Statistic": "Average",
            "Unit": "Percent",
        }
        metric = {"CustomizedMetricSpecification": customized}
    cooldowns = {
        "ScaleOutCooldown": scaling.scale_out_cooldown,
        "ScaleInCooldown": scaling.scale_in_cooldown,
    }
    return {"TargetValue": scaling.target, "DisableScaleIn": False} | cooldowns | metric


def ensure_scaling(account: Account, endpoint: str, scaling: Scaling) -> list[Change]:
    return [
        ensure_target(account, endpoint, scaling),
        ensure_policy(account, endpoint, scaling),
        *ensure_statistics(account, endpoint, scaling),
    ]


def ensure_target(account: Account, endpoint: str, scaling: Scaling) -> Change:
    resource = f"scalable target {variant(endpoint)['ResourceId']}"
    found = find_targets(account, endpoint)
    bounds = scaling.smallest, scaling.largest
    if found and (found[0]["MinCapacity"], found[0]["MaxCapacity"]) == bounds:
        return Change(resource, "unchanged")
    account.autoscaling.register_scalable_target(
        MinCapacity=scaling.smallest, MaxCapacity=scaling.largest, **variant(endpoint)
    )
    return Change(resource, "updated" if found else "created")


def find_targets(account: Account, endpoint: str) -> list[type_defs.ScalableTargetTypeDef]:
    names = variant(endpoint)
    return account.autoscaling.describe_scalable_targets(
        ServiceNamespace=names["ServiceNamespace"],
        ResourceIds=[names["ResourceId"]],
        ScalableDimension=names["ScalableDimension"],
    )["ScalableTargets"]


def ensure_policy(account: Account, endpoint: str, scaling: Scaling) -> Change:
    resource = f"scaling policy {policy_name(endpoint)}"
    desired = target_tracking(endpoint, scaling)
    found = find_policies(account, endpoint)
    if found and desired.items() <= found[0]["TargetTrackingScalingPolicyConfiguration"].items():
        return Change(resource, "unchanged")
    account.autoscaling.put_scaling_policy(
        PolicyName=policy_name(endpoint),
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=desired,  # type: ignore[arg-type]  # has two forms
        **variant(endpoint),
    )
    return Change(resource, "updated" if found else "created")


def find_policies(account: Account, endpoint: str) -> list[type_defs.ScalingPolicyTypeDef]:
    client, names = account.autoscaling, [policy_name(endpoint)]
    found = client.describe_scaling_policies(PolicyNames=names, **variant(endpoint))
    return found["ScalingPolicies"]


def ensure_statistics(account: Account, endpoint: str, scaling: Scaling) -> list[Change]:
    """Edit the alarm that AWS made for scaling out, as the report did, where it differs.

    AWS makes one with 3 points of 60 s, and makes it again whenever the policy is put; so this
    comes after the policy.
    """
    alarms = find_policies(account, endpoint)[0].get("Alarms", [])
    names = [alarm["AlarmName"] for alarm in alarms if "AlarmHigh" in alarm["AlarmName"]]
    if not names:
        return []
    found = account.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    return [edit_alarm(account, alarm, scaling) for alarm in found]


def edit_alarm(account: Account, alarm: MetricAlarmTypeDef, scaling: Scaling) -> Change:
    resource = f"alarm {alarm['AlarmName']}"
    desired = {"Period": scaling.statistic_seconds, "EvaluationPeriods": scaling.points}
    if desired.items() <= alarm.items():
        return Change(resource, "unchanged")
    shape = account.cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape
    known = set(shape.members) - {"DatapointsToAlarm"} if shape else set()
    kept: dict[str, Any] = {key: value for key, value in alarm.items() if key in known}
    account.cloudwatch.put_metric_alarm(**kept | desired)
    return Change(resource, "updated")


def remove_scaling(account: Account, endpoint: str) -> list[Change]:
    """Delete the policy and the registration; AWS deletes the policy's alarms with it."""
    client, names, policy = account.autoscaling, variant(endpoint), policy_name(endpoint)
    target = f"scalable target {names['ResourceId']}"
    return [
        delete_if_there(
            f"scaling policy {policy}",
            client.delete_scaling_policy,
            missing=MISSING,
            PolicyName=policy,
            **names,
        ),
        delete_if_there(target, client.deregister_scalable_target, missing=MISSING, **names),
    ]


@contextmanager
def suspend_scaling(account: Account, endpoint: str) -> Iterator[None]:
    """Delete the scaling and make the same again afterwards, whatever happened.

    SageMaker changes no instance type while there is scaling.
    """
    names = variant(endpoint)
    targets, policies = find_targets(account, endpoint), find_policies(account, endpoint)
    remove_scaling(account, endpoint)
    try:
        yield
    finally:
        for target in targets:
            account.autoscaling.register_scalable_target(
                MinCapacity=target["MinCapacity"], MaxCapacity=target["MaxCapacity"], **names
            )
        for policy in policies:
            account.autoscaling.put_scaling_policy(
                PolicyName=policy["PolicyName"],
                PolicyType=policy["PolicyType"],
                TargetTrackingScalingPolicyConfiguration=policy[
                    "TargetTrackingScalingPolicyConfiguration"
                ],
                **names,
            )
