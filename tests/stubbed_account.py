"""An account whose boto3 clients are stubs: they check what is asked against AWS's own shapes."""

import boto3
from botocore.stub import Stubber

from infra.session import Account

ACCOUNT, REGION = "123456789012", "eu-west-1"
SERVICES = {
    "functions": "lambda",
    "gateway": "apigateway",
    "autoscaling": "application-autoscaling",
    "runtime": "sagemaker-runtime",
}


class StubbedSession:
    """A boto3 session that has these clients by service, and no others."""

    def __init__(self, clients):
        self.clients = clients

    def client(self, service, *_, **__):
        """Return the client of a service."""
        return self.clients[service]


def stubbed(service):
    """A client that answers what a test adds, and its stub."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client(service, region_name=REGION, **keys)
    stub = Stubber(client)
    stub.activate()
    return client, stub


def account(**clients):
    """An account with these clients (account(s3=client)) and no others."""
    sts, stub = stubbed("sts")
    stub.add_response("get_caller_identity", {"Account": ACCOUNT})
    by_service = {SERVICES.get(name, name): client for name, client in clients.items()}
    return Account(REGION, 0, StubbedSession({"sts": sts} | by_service))
