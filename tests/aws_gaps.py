"""What moto lacks and a deployment needs, on top of moto: update_endpoint, and calls that fail.

botocore checks the parameters against AWS's own shapes before any of this sees them.
"""

import json

from botocore.awsrequest import AWSResponse
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sagemaker.models import sagemaker_backends


class Updates(list):
    """The update_endpoint requests so far. With `fired`, SageMaker goes back as it does when an alarm fires."""

    fired = False


def fill_update_endpoint(client):
    """Let a SageMaker client update the endpoints of moto; returns its Updates."""
    updates = Updates()

    def update(params, **_):
        request = json.loads(params["body"])
        updates.append(request)
        backend = sagemaker_backends[DEFAULT_ACCOUNT_ID][client.meta.region_name]
        endpoint = backend.endpoints[request["EndpointName"]]
        if updates.fired:
            endpoint.failure_reason = "Alarm model-errors fired"
        else:
            config = backend.endpoint_configs[request["EndpointConfigName"]]
            endpoint.endpoint_config_name = config.endpoint_config_name
            endpoint.production_variants = endpoint._process_production_variants(config.production_variants)
        return AWSResponse(params["url"], 200, {}, None), {"EndpointArn": endpoint.arn}

    client.meta.events.register("before-call.sagemaker.UpdateEndpoint", update)
    return updates


class Lightning:
    """Strikes the call with this number, once: before AWS hears of it, or `late`, after AWS has done it."""

    def __init__(self, *clients):
        self.number, self.late, self.seen = 0, False, []
        for client in clients:
            client.meta.events.register_first("before-call", lambda model, **_: self._count(model, late=False))
            client.meta.events.register_first("after-call", lambda model, **_: self._count(model, late=True))

    def aim(self, number, late):
        """Choose the call, and count anew."""
        self.number, self.late, self.seen = number, late, []

    def _count(self, model, late):
        if late == self.late:
            self.seen.append(model.name)
            if len(self.seen) == self.number:
                raise ConnectionError(f"call {self.number}, {model.name}, was struck")
