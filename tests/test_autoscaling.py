"""The report's two scaling policies, number by number, the default, and what they cost."""

import pytest
from moto import mock_aws
from stubbed_account import account as stubbed_account
from stubbed_account import stubbed

from infra import config, cost
from infra.endpoint import autoscaling
from infra.endpoint.presets import DEFAULT_PRESET, PRESETS
from infra.session import Account

NAME = "bird-classifier"
# Report 4.5, 5.1 and 5.2: target, statistic in seconds, data points, cooldowns, instances.
REPORT = {"report-70": (70.0, 10, 3, 300, 300, 1, 4), "report-300": (300.0, 60, 3, 300, 300, 1, 4)}


@pytest.fixture(scope="module")
def made():
    """The clients, made once."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        yield Account("us-east-1")


@pytest.fixture
def account(made):
    """An account that has nothing but an endpoint."""
    with mock_aws():
        sagemaker = made.sagemaker
        variant = {
            "VariantName": "AllTraffic",
            "InstanceType": "ml.m4.xlarge",
            "InitialInstanceCount": 1,
        }
        role = "arn:aws:iam::123456789012:role/sagemaker"
        container = {"Image": "tensorflow-inference", "ModelDataUrl": "s3://bucket/model.tar.gz"}
        sagemaker.create_model(ModelName="model", ExecutionRoleArn=role, PrimaryContainer=container)
        sagemaker.create_endpoint_config(
            EndpointConfigName="one", ProductionVariants=[variant | {"ModelName": "model"}]
        )
        sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName="one")
        yield made


@pytest.mark.parametrize("name", REPORT)
def test_the_reports_policies_stand_as_presets(name):
    preset = PRESETS[name]
    scaling = preset.scaling
    assert preset.hosting.instance_type == "ml.m4.xlarge"
    numbers = (scaling.target, scaling.statistic_seconds, scaling.points)
    bounds = (
        scaling.scale_out_cooldown,
        scaling.scale_in_cooldown,
        scaling.smallest,
        scaling.largest,
    )
    assert numbers + bounds == REPORT[name]


def test_a_ten_second_statistic_has_a_metric_that_is_as_fine():
    assert PRESETS["report-70"].hosting.metrics() == {
        "MetricsConfig": {
            "EnableDetailedObservability": False,
            "MetricPublishFrequencyInSeconds": 10,
        }
    }


def test_detailed_observability_which_is_on_by_default_and_paid_is_off():
    for preset in ("report-300", "requests"):
        metrics = PRESETS[preset].hosting.metrics()
        assert metrics == {"MetricsConfig": {"EnableDetailedObservability": False}}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "report-70",
            "target 70 % CPU as CloudWatch's sum over 4 cores (= 17.5 % of the machine), "
            "3 statistics of 10 s",
        ),
        ("report-300", "(= 75 % of the machine), 3 statistics of 60 s"),
        ("requests", "1 to 4 x ml.c5.large, target 600 requests a minute and instance"),
        ("serverless", "3,072 MB, at most 10 requests at once"),
    ],
)
def test_a_preset_says_what_its_target_means(name, said):
    assert said in PRESETS[name].describe()


@pytest.mark.parametrize("name", ["report-70", "report-300", "requests"])
def test_scaling_is_made_once_changed_and_taken_away(account, name):
    scaling = PRESETS[name].scaling
    other = PRESETS["report-300" if name == "requests" else "requests"].scaling
    for wanted, outcome in ((scaling, "created"), (scaling, "unchanged"), (other, "updated")):
        changes = autoscaling.ensure_scaling(account, NAME, wanted)
        assert changes[-1].outcome == outcome
    assert {change.outcome for change in autoscaling.remove_scaling(account, NAME)} == {"deleted"}
    assert {change.outcome for change in autoscaling.remove_scaling(account, NAME)} == {"absent"}


def test_the_target_and_its_bounds_are_what_aws_has(account):
    autoscaling.ensure_scaling(account, NAME, PRESETS["report-70"].scaling)
    target = account.autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ][0]
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == (
        "endpoint/bird-classifier/variant/AllTraffic",
        1,
        4,
    )
    policy = account.autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")[
        "ScalingPolicies"
    ][0]
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert (tracking["TargetValue"], tracking["ScaleInCooldown"], tracking["ScaleOutCooldown"]) == (
        70.0,
        300,
        300,
    )
    metric = tracking["CustomizedMetricSpecification"]
    assert (metric["Namespace"], metric["MetricName"], metric["Statistic"]) == (
        "/aws/sagemaker/Endpoints",
        "CPUUtilization",
        "Average",
    )


ALARM = {
    "AlarmName": "TargetTracking-endpoint/bird-classifier/variant/AllTraffic-AlarmHigh-1",
    "AlarmActions": ["arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:1"],
    "MetricName": "CPUUtilization",
    "Namespace": "/aws/sagemaker/Endpoints",
    "Statistic": "Average",
    "Dimensions": [{"Name": "EndpointName", "Value": NAME}],
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 70.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def made_by_aws(alarm):
    """Stub both services: AWS made this alarm and the one for scaling in (moto makes none)."""
    of_policy = [
        {"AlarmName": name, "AlarmARN": "arn"}
        for name in (alarm["AlarmName"], "TargetTracking-AlarmLow-1")
    ]
    policy = {
        "PolicyARN": "arn",
        "PolicyName": f"{NAME}-target",
        "ServiceNamespace": "sagemaker",
        "ResourceId": autoscaling.variant(NAME)["ResourceId"],
        "ScalableDimension": autoscaling.variant(NAME)["ScalableDimension"],
        "PolicyType": "TargetTrackingScaling",
        "CreationTime": 0,
        "Alarms": of_policy,
    }
    (scaler, policies), (cloudwatch, alarms) = map(
        stubbed, ("application-autoscaling", "cloudwatch")
    )
    policies.add_response("describe_scaling_policies", {"ScalingPolicies": [policy]})
    alarms.add_response(
        "describe_alarms", {"MetricAlarms": [alarm]}, {"AlarmNames": [alarm["AlarmName"]]}
    )
    return stubbed_account(autoscaling=scaler, cloudwatch=cloudwatch), alarms


def test_awss_alarm_gets_the_reports_statistic_and_keeps_the_rest():
    account, alarms = made_by_aws(ALARM | {"StateValue": "OK", "DatapointsToAlarm": 3})
    alarms.add_response("put_metric_alarm", {}, ALARM | {"Period": 10})
    changes = autoscaling.ensure_statistics(account, NAME, PRESETS["report-70"].scaling)
    assert [change.outcome for change in changes] == ["updated"]
    alarms.assert_no_pending_responses()


def test_awss_alarm_is_left_alone_where_it_is_the_reports():
    account, _ = made_by_aws(ALARM)
    changes = autoscaling.ensure_statistics(account, NAME, PRESETS["report-300"].scaling)
    assert [change.outcome for change in changes] == ["unchanged"]


def test_the_manual_tells_up_to_where_serverless_is_cheaper():
    serverless, instances = PRESETS["serverless"].hosting, PRESETS[DEFAULT_PRESET].hosting
    turn = cost.dollars_a_month(instances, 0) / cost.dollars_a_month(serverless, 1)
    assert f"up to {turn:,.0f} requests a day" in (config.ROOT / "docs/operations.md").read_text()
    assert cost.dollars_a_month(serverless, 0) == 0


def test_every_preset_has_a_price():
    assert all(cost.dollars_a_month(preset.hosting, 1_000) > 0 for preset in PRESETS.values())
