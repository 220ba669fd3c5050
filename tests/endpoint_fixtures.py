"""Fixtures: an AWS account in moto, its gaps filled; real sockets answer for each endpoint."""

import aws_gaps
import pytest
import served
from endpoint_account import LOOPBACK, OLD, a_plan
from moto import mock_aws

from infra.session import Account


@pytest.fixture(scope="module")
def made():
    """(clients, Served, Updates, Lightning), made once: a client takes a quarter of a second."""
    with served.serving({}) as (endpoints, url), pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", url)
        clients = Account("eu-west-1", poll_seconds=0)
        aws_gaps.refuse_serverless(clients.sagemaker)
        updates = aws_gaps.fill_update_endpoint(clients.sagemaker)
        yield clients, endpoints, updates, aws_gaps.Lightning(*clients.clients())


@pytest.fixture
def aws(made):
    """(clients, Served, Updates) of an empty account; what is served are OLD's answers."""
    clients, endpoints, updates, lightning = made
    lightning.aim(0, late=False)
    updates.clear()
    updates.fired = False
    endpoints.outputs, endpoints.endpoints, endpoints.asked = OLD.reference, {}, []
    with mock_aws(config=LOOPBACK):
        place = {"LocationConstraint": "eu-west-1"}
        clients.s3.create_bucket(Bucket=a_plan().bucket, CreateBucketConfiguration=place)
        yield clients, endpoints, updates
