"""Print the CreateTrainingJob request that the SageMaker SDK sends for training/launch.py.

Needs training/requirements-launch.txt, and AWS_ENDPOINT_URL of moto's server as test_launch.py
has it.
"""

import contextlib
import json
import sys

import botocore.client

from training.launch import main

send = botocore.client.BaseClient._make_api_call
requests = []


def record(client, operation, values):
    """Keep the request and send it."""
    if operation == "CreateTrainingJob":
        requests.append(values)
    return send(client, operation, values)


botocore.client.BaseClient._make_api_call = record
with contextlib.redirect_stdout(sys.stderr):
    code = main(sys.argv[1:])
print(json.dumps(requests[0], indent=2, default=str) if requests else "")
sys.exit(code)
