"""What AWS refuses in a new account, played in its own words, and what a deployer is told."""

import json
import re

import packaged
import pytest
from stubbed_account import PlayedStacks, account, in_turn, stubbed

from infra import cloudformation, config
from infra.errors import DeployError
from infra.packages import plain_chalice
from infra.site import publish

TEMPLATE = {"Resources": {}}
BUSY = (
    "Bucket: A conflicting conditional operation is currently in progress against this resource. "
    "Please try again. (Service: S3, Status Code: 409)"
)
NOT_PUBLIC = (
    'ReadPolicy: Resource handler returned message: "Access Denied (Service: S3, Status Code: 403)"'
)
UNVERIFIED = (
    "Distribution: Access denied for operation 'AWS::CloudFront::Distribution: Your account must "
    "be verified before you can add new CloudFront resources.'"
)


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    """How long was waited, at once."""
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


@pytest.mark.parametrize("reason", [BUSY, NOT_PUBLIC])
def test_what_s3_refuses_for_a_moment_is_tried_again_for_a_minute(reason, slept):
    """A name that was just deleted; a policy right after its bucket was opened."""
    played = PlayedStacks(in_turn(reason, reason))
    made = cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert (made.outcome, len(played.asked)) == ("created", 3)
    played = PlayedStacks(lambda _: reason)
    with pytest.raises(DeployError):
        cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert sum(seconds for seconds in slept[2:] if seconds) == 60


def test_a_name_that_s3_still_holds_is_not_called_another_accounts():
    played = PlayedStacks(lambda _: BUSY)
    with pytest.raises(DeployError, match="S3 is busy with a bucket of that name") as told:
        cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert "another AWS account" not in str(told.value)


def test_another_refusal_is_not_tried_again():
    played = PlayedStacks(lambda _: "Role: not authorized to perform iam:CreateRole")
    with pytest.raises(DeployError, match="iam:CreateRole"):
        cloudformation.ensure_stack(account(cloudformation=played.client), "s", TEMPLATE)
    assert len(played.asked) == 1


def refuse_public(template):
    return None if "Distribution" in template["Resources"] else NOT_PUBLIC


def site(refuse, mode=""):
    """Publish dev's site where CloudFormation refuses so; the template that came about."""
    played = PlayedStacks(refuse)
    of_both = account(cloudformation=played.client, s3=stubbed("s3")[0])
    publish.publish(of_both, config.load("dev"), "https://a", mode)
    return played.asked[-1]["Resources"]


@pytest.fixture
def no_files(monkeypatch):
    monkeypatch.setattr(publish, "synchronise", lambda *_: [])


def test_a_public_bucket_that_is_refused_goes_behind_cloudfront(no_files):
    assert "Distribution" in site(refuse_public)
    assert "Distribution" not in site(lambda _: None)


@pytest.mark.parametrize(
    ("refuse", "mode", "told"),
    [
        (refuse_public, "website", "account or organisation block public buckets: publish with"),
        (lambda _: UNVERIFIED, "cloudfront", "open a case in AWS Support with this sentence"),
    ],
)
def test_a_site_that_aws_refuses_has_a_sentence_of_its_own(no_files, refuse, mode, told):
    with pytest.raises(DeployError, match=told):
        site(refuse, mode)


# Names that an account has once, whatever the Region, or that all accounts share.
OF_THE_ACCOUNT = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::Budgets::Budget": "BudgetName",
    "AWS::CloudFront::OriginAccessControl": "Name",
    "AWS::CloudFront::ResponseHeadersPolicy": "Name",
}


def names_in_the_account(region):
    """(type, name) of all that could be taken over from, or by, another Region."""
    found = set()
    for made in packaged.everything(region=region, alarm_email="birds@example.org"):
        if (key := OF_THE_ACCOUNT.get(made["Type"])) is not None:
            name = re.search(rf'"{key}": "([^"]+)"', json.dumps(made["Properties"]))
            found |= {(made["Type"], name[1])} if name else set()
    return found


def test_two_regions_of_an_account_share_no_name():
    one, other = names_in_the_account("eu-west-1"), names_in_the_account("us-east-1")
    assert len(one) == len(other) == 6
    assert not one & other


@pytest.mark.parametrize(("unreserved", "asked"), [(1_000, 10), (10, None)])
def test_plain_chalice_asks_for_no_concurrency_that_the_account_has_not(
    monkeypatch, tmp_path, unreserved, asked
):
    """A new account has 10 in all, and AWS lets nobody reserve the last 100."""
    functions, stub = stubbed("lambda")
    limits = {"UnreservedConcurrentExecutions": unreserved}
    stub.add_response("get_account_settings", {"AccountLimit": limits})
    for _ in range(2):
        stub.add_client_error("get_function_concurrency", "ResourceNotFoundException")
    monkeypatch.setattr(plain_chalice, "ensure_layer", lambda *_: "arn")
    monkeypatch.setattr(plain_chalice.bundles, "build_layer", lambda _: None)
    chosen = config.load("dev")
    plain_chalice.write_project(account(functions=functions), chosen, tmp_path / "project")
    written = json.loads((tmp_path / "project" / ".chalice" / "config.json").read_text())
    assert written["stages"]["dev"].get("reserved_concurrency") == asked
