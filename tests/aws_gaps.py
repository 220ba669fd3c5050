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

    def struck_a_read(self):
        """Tell whether the struck call changes nothing: what stands is then what stood a call before."""
        return self.seen[-1].startswith(("Describe", "Get", "Head", "List"))

    def _count(self, model, late):
        if late == self.late:
            self.seen.append(model.name)
            if len(self.seen) == self.number:
                raise ConnectionError(f"call {self.number}, {model.name}, was struck")


class HeadersPolicies(dict):
    """CloudFront's response headers policies by id, which moto lacks; botocore has checked what comes in.

    moto also forgets parts of a distribution's origin: those that were given last come back.
    """

    def serve(self, client):
        """Answer a CloudFront client's calls about them."""
        for operation in ("List", "Create", "GetConfig", "Get", "Update", "Delete"):
            name = {"List": "ListResponseHeadersPolicies", "GetConfig": "GetResponseHeadersPolicyConfig"}.get(
                operation, f"{operation}ResponseHeadersPolicy"
            )
            client.meta.events.register(f"before-parameter-build.cloudfront.{name}", self._keep)
            client.meta.events.register(f"before-call.cloudfront.{name}", getattr(self, f"_{operation.lower()}"))
        for name in ("CreateDistribution", "UpdateDistribution"):
            client.meta.events.register(f"before-parameter-build.cloudfront.{name}", self._keep_origins)
        client.meta.events.register("after-call.cloudfront.GetDistributionConfig", self._give_origins)
        return self

    def _keep_origins(self, params, **_):
        self.origins = params["DistributionConfig"]["Origins"]

    def _give_origins(self, parsed, **_):
        for origin, kept in zip(parsed["DistributionConfig"]["Origins"]["Items"], self.origins["Items"], strict=True):
            origin.update({key: kept[key] for key in ("OriginAccessControlId", "S3OriginConfig")})

    def _keep(self, params, context, **_):
        context["given"] = dict(params)

    def _list(self, params, **_):
        items = [{"Type": "custom", "ResponseHeadersPolicy": self._policy(number)} for number in self]
        return self._answer(
            params, {"ResponseHeadersPolicyList": {"Items": items, "MaxItems": 100, "Quantity": len(items)}}
        )

    def _create(self, params, context, **_):
        number = f"headers-{len(self)}"
        self[number] = context["given"]["ResponseHeadersPolicyConfig"]
        return self._answer(params, {"ResponseHeadersPolicy": self._policy(number)})

    def _getconfig(self, params, context, **_):
        return self._answer(params, {"ResponseHeadersPolicyConfig": self[context["given"]["Id"]], "ETag": "1"})

    def _get(self, params, context, **_):
        return self._answer(params, {"ResponseHeadersPolicy": self._policy(context["given"]["Id"]), "ETag": "1"})

    def _update(self, params, context, **_):
        self[context["given"]["Id"]] = context["given"]["ResponseHeadersPolicyConfig"]
        return self._answer(params, {})

    def _delete(self, params, context, **_):
        del self[context["given"]["Id"]]
        return self._answer(params, {})

    def _policy(self, number):
        return {"Id": number, "ResponseHeadersPolicyConfig": self[number]}

    def _answer(self, params, parsed):
        return AWSResponse(params["url"], 200, {}, None), parsed
