"""What one `make deploy` of prod asks of AWS, and of its reader.

    python -m pytest -q -s tests/count_deploy.py

It runs in the emulators, into an empty account, and prints

- AWS calls: those of the product, with two files of the page; the same question asked again (is it
  done?) counts once in the second number;
- AWS operations: those called, and all that the wing calls by name, for deploy, redeploy, rollback,
  status and destroy together: what is sequenced by hand;
- moves: how often the function that is entered next is in another top-level folder or file of the
  repository, or in another room of infra/, whose own files count as one room;
- files entered, and files (empty ones apart) and lines of the wing.

Building the packages and checking the model are left out.
"""

import ast
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import botocore.client
from botocore.loaders import Loader
from botocore.model import ServiceModel

from infra import stage

pytest_plugins = ["test_deploy_faults"]
REPOSITORY = Path(__file__).parent.parent
WING = ("deploy.py", "deploy_endpoint.py", "infra")
SERVICES = (
    *("apigateway", "application-autoscaling", "budgets", "cloudformation", "cloudfront"),
    *("cloudwatch", "iam", "lambda", "logs", "s3", "sns", "sagemaker", "sagemaker-runtime", "sts"),
)
# Functions of ours, or of re, that operations of AWS are called like.
NOT_AWS = {"publish", "search"}
# A generator that goes on is further in its code than one that begins.
BEGINNING = 8


class Trace:
    """The repository's files in the order in which their functions are entered."""

    def __init__(self):
        self.files = []

    def __call__(self, frame, event, _):
        name = frame.f_code.co_filename
        if event == "call" and frame.f_lasti < BEGINNING and name.startswith(f"{REPOSITORY}/"):
            file = Path(name).relative_to(REPOSITORY)
            if file.parts[0] not in {"build", ".venv", "tests"}:
                self.files.append(file)

    def moves(self, room):
        """How often the next function is in another room."""
        rooms = [room(file) for file in self.files]
        return sum(one != other for one, other in pairwise(rooms))


def wing():
    """The wing's files that hold something."""
    places = [REPOSITORY / name for name in WING]
    files = [file for place in places for file in [place, *place.rglob("*.py")]]
    return sorted(file for file in files if file.suffix == ".py" and file.read_text().strip())


def known_operations(files):
    """Every AWS operation that the code calls by boto3's name for it, paginators included."""
    names = {name: f"{it}.{name}" for it in SERVICES for name in operations(it)}
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    found = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    found |= {
        node.value for node in nodes if isinstance(node, ast.Constant) and str(node.value) in names
    }
    return sorted(names[name] for name in found & set(names) - NOT_AWS)


def operations(service):
    """The operations of a service as boto3 names them."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return [botocore.xform_name(name) for name in model.operation_names]


def test_count(aws, ready, monkeypatch):
    aws.reset()
    calls, trace = [], Trace()
    call = botocore.client.BaseClient._make_api_call

    def counted(client, operation, parameters):
        calls.append((client.meta.service_model.service_name, operation, str(parameters)))
        return call(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
    sys.setprofile(trace)
    try:
        changes = list(stage.deploy(aws.account, ready.settings, stage.Request()))
    finally:
        sys.setprofile(None)
    once = Counter(f"{service} {operation}" for service, operation, _ in set(calls))
    files, lines = wing(), sum(len(file.read_text().splitlines()) for file in wing())
    known = known_operations(files)
    print("", *changes, *(f"{count:>3} {name}" for name, count in sorted(once.items())), sep="\n")
    print(*known, sep=", ")
    print(f"AWS calls: {len(calls)}, the same question once: {len(set(calls))}")
    print(f"AWS operations: {len(once)} called, {len(known)} known to the wing")
    in_infra = trace.moves(lambda file: file.parts[:2] if len(file.parts) > 2 else file.parts[:1])
    print(f"moves between top-level rooms: {trace.moves(lambda file: file.parts[0])}", end=", ")
    print(f"the rooms of infra/ too: {in_infra}")
    print(f"files entered: {len(set(trace.files))}")
    print(f"wing: {len(files)} files, {lines} lines")
