"""A checked model becomes an endpoint, is replaced, goes back and goes away.

moto plays AWS, real sockets give the answers.
"""

import itertools

import aws_gaps
import packaged
import pytest
from endpoint_account import NAME, NEW, OLD, a_plan, serving_config

import deploy_endpoint
from infra.endpoint import deploy, rollout
from infra.endpoint.plan import TAG, Plan
from infra.endpoint.presets import PRESETS
from infra.errors import DeployError

pytest_plugins = ["endpoint_fixtures"]


def outcomes(changes):
    return {change.outcome for change in changes}


def test_an_empty_account_gets_everything_once(aws):
    clients, endpoints, _ = aws
    assert outcomes(deploy.deploy(clients, a_plan(), OLD)) == {"created"}
    assert outcomes(deploy.deploy(clients, a_plan(), OLD)) == {"unchanged"}
    assert serving_config(clients) == a_plan().config_name(OLD)
    assert endpoints.asked == [NAME, NAME]


@pytest.mark.parametrize("preset", ["requests", "report-70", "report-300", "serverless"])
def test_what_an_endpoint_serves_is_found_again(aws, preset):
    clients, _, _ = aws
    assert deploy.find_deployed(clients.sagemaker, NAME) is None
    deploy.deploy(clients, a_plan(preset), OLD)
    found = deploy.find_deployed(clients.sagemaker, NAME)
    assert found == deploy.Deployed(f"s3://birdapp-models/{OLD.key}", PRESETS[preset])
    assert deploy.choose_preset(None, found) == PRESETS[preset]
    assert deploy.choose_preset("requests", found) == PRESETS["requests"]


def test_the_model_is_what_was_checked(aws):
    clients, _, _ = aws
    deploy.deploy(clients, a_plan(), OLD)
    container = clients.sagemaker.describe_model(ModelName=a_plan().model_name(OLD))[
        "PrimaryContainer"
    ]
    assert container["Image"] == f"763104351884.dkr.ecr.eu-west-1.amazonaws.com/{TAG}"
    bucket, _, key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
    assert clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == OLD.archive


def test_destroy_leaves_nothing(aws):
    clients, _, _ = aws
    deploy.deploy(clients, a_plan(), OLD)
    deploy.destroy(clients, NAME)
    assert outcomes(deploy.destroy(clients, NAME)) == {"absent"}
    assert clients.sagemaker.list_endpoints()["Endpoints"] == []
    assert clients.sagemaker.list_models()["Models"] == []


def test_destroy_leaves_an_endpoint_that_is_only_named_alike(aws):
    clients, _, _ = aws
    deploy.deploy(clients, a_plan(), OLD)
    other = Plan(
        f"{NAME}-prod",
        *[getattr(a_plan(), field) for field in ("bucket", "role_arn", "image", "preset")],
    )
    deploy.deploy(clients, other, OLD)
    deploy.destroy(clients, NAME)
    assert outcomes(deploy.deploy(clients, other, OLD)) == {"unchanged"}


def test_a_first_model_that_answers_badly_leaves_no_endpoint(aws):
    clients, endpoints, _ = aws
    endpoints.outputs = None
    with pytest.raises(DeployError, match=r"did not answer the smoke clip.*was deleted"):
        deploy.deploy(clients, a_plan(), OLD)
    assert clients.sagemaker.list_endpoints()["Endpoints"] == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "did not answer the smoke clip"),
        (
            NEW.reference | {"probabilities": [[None, 0.1]] * 3},
            "would refuse its answer: probabilities: expected a number, got NoneType",
        ),
        (
            NEW.reference | {"probabilities": [[0.9, 0.2]] * 3},
            "probabilities: expected values that add up to at most 1, got 1.100",
        ),
        (
            NEW.reference | {"probabilities": [[0.7, 0.1, 0.1]] * 3},
            "would refuse its answer: probabilities: expected a list of 2 items",
        ),
        (
            NEW.reference | {"labels": ["Strix aluco", "Tyto alba"]},
            "other labels than the model that was checked",
        ),
        (OLD.reference, "other settings than the model that was checked"),
        (
            NEW.reference | {"probabilities": [[0.1, 0.7]] * 3},
            "otherwise than the model that was checked",
        ),
    ],
)
def test_a_new_model_that_answers_badly_never_gets_traffic(aws, answer, why):
    clients, endpoints, updates = aws
    deploy.deploy(clients, a_plan(), OLD)
    endpoints.endpoints[a_plan().candidate] = answer
    with pytest.raises(DeployError, match=why):
        deploy.deploy(clients, a_plan(), NEW)
    assert serving_config(clients) == a_plan().config_name(OLD)
    assert updates == []
    assert [item["EndpointName"] for item in clients.sagemaker.list_endpoints()["Endpoints"]] == [
        NAME
    ]


def test_a_good_new_model_answers_on_the_candidate_before_it_gets_traffic(aws):
    clients, endpoints, updates = aws
    deploy.deploy(clients, a_plan(), OLD)
    endpoints.outputs = NEW.reference
    changes = deploy.deploy(clients, a_plan(), NEW)
    assert endpoints.asked == [NAME, a_plan().candidate, NAME]
    assert [str(change) for change in changes if change.outcome == "updated"] == [
        f"updated   endpoint {NAME}"
    ]
    assert serving_config(clients) == a_plan().config_name(NEW)
    assert len(updates) == 1


def test_the_traffic_goes_back_when_an_alarm_fires(aws):
    clients, endpoints, updates = aws
    deploy.deploy(clients, a_plan(), OLD)
    endpoints.outputs = NEW.reference
    updates.fired = True
    with pytest.raises(DeployError, match="back to the model before: Alarm model-errors fired"):
        deploy.deploy(clients, a_plan(), NEW)
    alarms = updates[0]["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    existing = packaged.of_type(packaged.foundation(), "AWS::CloudWatch::Alarm").values()
    assert {it["AlarmName"] for it in alarms} == {it["AlarmName"] for it in existing}
    with pytest.raises(DeployError, match="no earlier model"):
        rollout.roll_back(clients, NAME, OLD.clip)


def test_a_model_that_fails_only_with_the_traffic_is_taken_back(aws):
    clients, endpoints, _ = aws
    deploy.deploy(clients, a_plan(), OLD)
    endpoints.endpoints[a_plan().candidate] = NEW.reference
    with pytest.raises(DeployError, match="; the model before serves again"):
        deploy.deploy(clients, a_plan(), NEW)
    assert serving_config(clients) == a_plan().config_name(OLD)


def test_the_fleet_keeps_its_size_and_starts_with_a_canary(aws):
    clients, endpoints, updates = aws
    deploy.deploy(clients, a_plan(), OLD)
    clients.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=NAME,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    endpoints.outputs = NEW.reference
    deploy.deploy(clients, a_plan(), NEW)
    assert updates[0]["RetainAllVariantProperties"]
    routing = updates[0]["DeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing["CanarySize"] == {"Type": "INSTANCE_COUNT", "Value": 1}


def test_rollback_returns_to_the_model_before_and_forward_again(aws):
    clients, endpoints, updates = aws
    deploy.deploy(clients, a_plan(), OLD)
    endpoints.outputs = NEW.reference
    deploy.deploy(clients, a_plan(), NEW)
    rollout.roll_back(clients, NAME, OLD.clip)
    assert serving_config(clients) == a_plan().config_name(OLD)
    assert "AutoRollbackConfiguration" not in updates[-1]["DeploymentConfig"]
    rollout.roll_back(clients, NAME, OLD.clip)
    assert serving_config(clients) == a_plan().config_name(NEW)


def scaling_of(clients):
    (policy,) = clients.autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")[
        "ScalingPolicies"
    ]
    return policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]


def test_a_change_of_machine_happens_without_scaling_which_comes_back(aws):
    clients, _, updates = aws
    deploy.deploy(clients, a_plan("requests"), OLD)
    standing = []
    clients.sagemaker.meta.events.register(
        "before-parameter-build.sagemaker.UpdateEndpoint",
        lambda **_: standing.append(
            clients.autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")
        ),
        unique_id="at the update",
    )
    deploy.deploy(clients, a_plan("report-300"), OLD)
    assert standing[0]["ScalingPolicies"] == []
    assert scaling_of(clients) == 300.0
    assert "RetainAllVariantProperties" not in updates[0]
    clients.sagemaker.meta.events.unregister("before-parameter-build", unique_id="at the update")


def test_a_change_of_machine_that_fails_leaves_the_old_scaling(aws):
    clients, _, updates = aws
    deploy.deploy(clients, a_plan("requests"), OLD)
    updates.fired = True
    with pytest.raises(DeployError, match="back to the model before"):
        deploy.deploy(clients, a_plan("report-300"), OLD)
    assert scaling_of(clients) == 600.0


def test_serverless_takes_no_instance_and_no_scaling(aws):
    clients, _, _ = aws
    deploy.deploy(clients, a_plan("serverless"), OLD)
    config = clients.sagemaker.describe_endpoint_config(EndpointConfigName=serving_config(clients))
    assert config["ProductionVariants"][0]["ServerlessConfig"] == {
        "MemorySizeInMB": 3072,
        "MaxConcurrency": 10,
    }
    assert (
        clients.autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
            "ScalableTargets"
        ]
        == []
    )


def test_a_new_model_goes_live_on_serverless_within_the_accounts_concurrency(aws):
    """The candidate asks for concurrency 1: another ten would be more than the account has."""
    clients, endpoints, _ = aws
    deploy.deploy(clients, a_plan("serverless"), OLD)
    endpoints.outputs = NEW.reference
    deploy.deploy(clients, a_plan("serverless"), NEW)
    assert serving_config(clients) == a_plan("serverless").config_name(NEW)
    assert deploy.find_deployed(clients.sagemaker, NAME).preset == PRESETS["serverless"]
    deploy.destroy(clients, NAME)
    assert clients.sagemaker.list_endpoint_configs()["EndpointConfigs"] == []


@pytest.mark.parametrize(
    ("what", "model", "config"),
    [
        ("network isolation", {"EnableNetworkIsolation": True}, {}),
        ("a VPC", {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}}, {}),
        ("multi-model", {"PrimaryContainer": {"Image": "i", "Mode": "MultiModel"}}, {}),
        ("data capture", {}, {"DataCaptureConfig": {}}),
    ],
)
def test_the_played_aws_refuses_what_serverless_refuses(what, model, config):
    asked = {"ProductionVariants": [{"ServerlessConfig": {"MemorySizeInMB": 1024}}]} | config
    reasons = [why for why, has in aws_gaps.SERVERLESS_REFUSES.items() if has(model, asked)]
    assert [why.startswith(what) for why in reasons] == [True]


def test_only_an_endpoint_with_instances_is_cut_off_from_the_network(aws):
    clients, _, _ = aws
    isolated, event = [], "before-parameter-build.sagemaker.CreateModel"
    events = clients.sagemaker.meta.events
    events.register(
        event, lambda params, **_: isolated.append(params["EnableNetworkIsolation"]), event
    )
    for preset in ("requests", "serverless"):
        deploy.deploy(clients, a_plan(preset), OLD)
        deploy.destroy(clients, NAME)
    events.unregister(event, unique_id=event)
    assert isolated == [True, False]


def test_instances_cannot_become_serverless(aws):
    clients, _, updates = aws
    deploy.deploy(clients, a_plan(), OLD)
    with pytest.raises(DeployError, match="delete it first"):
        deploy.deploy(clients, a_plan("serverless"), OLD)
    assert updates == []


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_redeploy_that_is_cut_at_any_call_is_finished_by_the_next(aws, made, late):
    (clients, endpoints, _), lightning = aws, made[3]
    deploy.deploy(clients, a_plan(), OLD)
    for number, model in zip(itertools.count(1), itertools.cycle([NEW, OLD])):
        endpoints.outputs = model.reference
        lightning.aim(number, late)
        done = finishes(clients, model)
        lightning.aim(0, late)
        deploy.deploy(clients, a_plan(), model)
        assert serving_config(clients) == a_plan().config_name(model)
        assert [
            item["EndpointName"] for item in clients.sagemaker.list_endpoints()["Endpoints"]
        ] == [NAME]
        if done:
            break


def finishes(clients, model):
    try:
        deploy.deploy(clients, a_plan(), model)
    except (aws_gaps.StruckError, DeployError):  # The second where the traffic was moved back.
        return False
    return True


def test_the_command_line_says_one_sentence_and_fails(monkeypatch, capsys):
    assert deploy_endpoint.main(["no-such-model", "--dry-run"]) == 1
    assert capsys.readouterr().err == "There is no model at no-such-model.\n"
