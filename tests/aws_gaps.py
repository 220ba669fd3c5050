"""What moto lacks and a deployment needs, on top of moto: update_endpoint, and calls that fail.

botocore checks the parameters against AWS's own shapes before any of this sees them.
"""

import json
from collections import Counter

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sagemaker.models import sagemaker_backends


class Updates(list):
    """The update_endpoint requests so far. With `fired`, SageMaker goes back as on an alarm."""

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
            endpoint.production_variants = endpoint._process_production_variants(
                config.production_variants
            )
        return AWSResponse(params["url"], 200, {}, None), {"EndpointArn": endpoint.arn}

    client.meta.events.register("before-call.sagemaker.UpdateEndpoint", update)
    return updates


# "Feature exclusions" and the limits of memory, concurrency and cold starts, from
# docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html.
SERVERLESS_REFUSES = {
    "network isolation": lambda model, _: model.get("EnableNetworkIsolation"),
    "a VPC": lambda model, _: "VpcConfig" in model,
    "inference pipelines": lambda model, _: "Containers" in model,
    "multi-model endpoints": lambda model, _: (
        model.get("PrimaryContainer", {}).get("Mode") == "MultiModel"
    ),
    "private registries": lambda model, _: "ImageConfig" in model.get("PrimaryContainer", {}),
    "multiple production variants": lambda _, config: len(config["ProductionVariants"]) > 1,
    "data capture": lambda _, config: "DataCaptureConfig" in config,
    "machines": lambda _, config: "InstanceType" in config["ProductionVariants"][0],
    "this memory": lambda _, config: memory_of(config) not in range(1024, 6145, 1024),
}
# Accounts begin with a few; the whole Region shares them.
SERVERLESS_CONCURRENCY = 15


def memory_of(config):
    return config["ProductionVariants"][0]["ServerlessConfig"]["MemorySizeInMB"]


def refuse_serverless(client):
    """Let a SageMaker client refuse serverless endpoints for AWS's reasons; moto takes all."""
    models, configs, running = {}, {}, {}

    def check(name, config_name):
        config = configs[config_name]
        (variant, *_) = config["ProductionVariants"]
        if "ServerlessConfig" not in variant:
            return
        model = models[variant["ModelName"]]
        reasons = [why for why, has in SERVERLESS_REFUSES.items() if has(model, config)]
        if reasons:
            text = f"Serverless Inference does not support {', '.join(reasons)}"
            raise refused("ValidationException", text, "CreateEndpoint")
        running[name] = variant["ServerlessConfig"]["MaxConcurrency"]
        if sum(running.values()) > SERVERLESS_CONCURRENCY:
            del running[name]
            text = "The account-level service limit 'Maximum concurrency' is exceeded"
            raise refused("ResourceLimitExceeded", text, "CreateEndpoint")

    def listen(operation, heard):
        client.meta.events.register(f"before-parameter-build.sagemaker.{operation}", heard)

    listen("CreateModel", lambda params, **_: models.update({params["ModelName"]: params}))
    listen(
        "CreateEndpointConfig",
        lambda params, **_: configs.update({params["EndpointConfigName"]: params}),
    )
    listen(
        "CreateEndpoint",
        lambda params, **_: check(params["EndpointName"], params["EndpointConfigName"]),
    )
    listen("DeleteEndpoint", lambda params, **_: running.pop(params["EndpointName"], None))


def refused(code, text, operation):
    """AWS's answer to a call that it does not do."""
    return ClientError({"Error": {"Code": code, "Message": text}}, operation)


class StruckError(ClientError):
    """AWS answers 500, as it does when it fails itself."""

    def __init__(self, number, operation):
        said = {"Code": "InternalFailure", "Message": f"call {number} was struck"}
        super().__init__({"Error": said, "ResponseMetadata": {"HTTPStatusCode": 500}}, operation)


# What changes nothing.
READS = ("Describe", "Get", "Head", "List", "Invoke")


class Lightning:
    """Strikes calls: before AWS hears of them or, `late`, after AWS has done what they ask."""

    def __init__(self, *clients):
        self.aim(0, late=False)
        for client in clients:
            client.meta.events.register_first("before-parameter-build", self._note)
            client.meta.events.register_first("before-call", self._before)
            client.meta.events.register_first("after-call", self._after)

    def aim(self, number, late):
        """Choose the one call with this number, and count anew."""
        self.number, self.late, self.each = number, late, False
        self.seen, self.made, self.struck = [], Counter(), set()

    def aim_at_each(self, late):
        """Choose each call when it is first made; late only those that change something."""
        self.aim(0, late)
        self.each = True

    def strikes(self, run):
        """Run until a call is struck; tell whether one was. Without one, none will be later."""
        self.seen, self.made = [], Counter()
        try:
            list(run())
        except StruckError:
            return True
        self.each = False
        return False

    def struck_a_read(self):
        """Return whether the struck call changes nothing: all is then as it was a call before."""
        return self.seen[-1].startswith(READS)

    def _note(self, params, context, **_):
        given = {name: value for name, value in params.items() if name != "Body"}
        context["parameters"] = json.dumps(given, sort_keys=True, default=str)

    def _before(self, model, context, **_):
        self._count(model.name, context, late=False)

    def _after(self, model, context, **_):
        self._count(model.name, context, late=True)

    def _count(self, name, context, late):
        if late == self.late:
            self.seen.append(name)
            if len(self.seen) == self.number or (self.each and self._is_new(name, context)):
                raise StruckError(len(self.seen), name)

    def _is_new(self, name, context):
        """The same question after a change is another call: its number within the run says so."""
        call = f"{name} {context['parameters']}"
        self.made[call] += 1
        key = call, self.made[call]
        if key in self.struck or (self.late and name.startswith(READS)):
            return False
        self.struck.add(key)
        return True
