"""An account whose boto3 clients are stubs: they check what is asked against AWS's own shapes."""

import json

import boto3
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
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


class PlayedStacks:
    """CloudFormation that makes stacks at once, or takes them back where `refuse` has a reason.

    `refuse` gets a template and returns "LogicalId: reason" or None; `asked` are the templates.
    """

    def __init__(self, refuse):
        self.refuse, self.asked, self.stacks, self.events = refuse, [], {}, []
        self.client, stub = stubbed("cloudformation")
        stub.deactivate()
        self.client.meta.events.register_first("before-call.cloudformation", self._answer)

    def _answer(self, model, params, **_):
        body = params["body"]
        answer = getattr(self, xform_name(model.name))(body["StackName"], body)
        return AWSResponse(params["url"], 200, {}, None), answer

    def describe_stacks(self, name, _):
        if name not in self.stacks:
            text = f"Stack with id {name} does not exist"
            error = {"Code": "ValidationError", "Message": text}
            raise ClientError({"Error": error}, "DescribeStacks")
        return {"Stacks": [self.stacks[name]]}

    def create_stack(self, name, body):
        self.asked.append(json.loads(body["TemplateBody"]))
        reason = self.refuse(self.asked[-1])
        status = "ROLLBACK_COMPLETE" if reason else "CREATE_COMPLETE"
        address = {"OutputKey": "Address", "OutputValue": "https://birds.example"}
        stack = {"StackName": name, "StackId": name, "StackStatus": status}
        self.stacks[name] = stack | ({} if reason else {"Outputs": [address]})
        if reason:
            logical_id, text = reason.split(": ", 1)
            failed = {"LogicalResourceId": logical_id, "ResourceStatus": "CREATE_FAILED"}
            self.events = [failed | {"ResourceStatusReason": text}]
        return {"StackId": name}

    def describe_stack_events(self, *_):
        return {"StackEvents": self.events}

    def delete_stack(self, name, _):
        del self.stacks[name]
        return {}


def in_turn(*reasons):
    """Refuse one time after the other for these reasons, then no more."""
    left = iter(reasons)
    return lambda _: next(left, None)
