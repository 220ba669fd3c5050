"""What `chalice package` leaves out of its template.

Limits, logs, errors of the gateway, the Python, warm Lambdas.
"""

import copy
import json
from typing import Any

from infra.config import Settings
from infra.stacks.gateway import gateway_responses
from infra.stacks.resources import ALIAS, log_group, tracing_policy, warm


def additions(settings: Settings) -> dict[str, Any]:
    """Return the file for `chalice package --merge-template`."""
    resources = {
        "Layer": _layer(settings),
        "APIHandler": _function(settings),
        "FunctionLogs": log_group(f"/aws/lambda/{settings.function}", settings.log_retention_days),
        "RestAPI": {"Properties": _api(settings)},
    }
    tracing = {"TracingPolicy": tracing_policy("ApiHandlerRole")} if settings.xray else {}
    description = f"{settings.function}: the API and its Lambda"
    return {"Description": description, "Resources": resources | tracing}


def finish(
    template: dict[str, Any], settings: Settings, bucket: str, **keys: str
) -> dict[str, Any]:
    """Point Chalice's merged template at the uploaded `code` and `layer`, and at warm Lambdas."""
    template = copy.deepcopy(template)
    resources = template["Resources"]
    resources["APIHandler"]["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": keys["code"]}
    resources["Layer"]["Properties"]["ContentUri"] = {"Bucket": bucket, "Key": keys["layer"]}
    if not settings.reserved_concurrency:
        resources["APIHandler"]["Properties"].pop("ReservedConcurrentExecutions", None)
    if settings.provisioned_concurrency:
        template = _call_alias(template)
    if settings.spectrogram_provisioned_concurrency:
        template = _call_spectrogram_alias(template, settings)
    return template


def call_classifier(template: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Let the main Lambda call, and allow it to call, the classifier's Lambda, not an endpoint."""
    endpoint = f":sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:endpoint/{settings.endpoint}"
    function = f":lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{settings.endpoint}:{ALIAS}"
    text = json.dumps(template).replace(endpoint, function)
    text = text.replace("sagemaker:InvokeEndpoint", "lambda:InvokeFunction")
    called: dict[str, Any] = json.loads(text)
    variables = called["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
    del variables["ENDPOINT_NAME"]
    variables["CLASSIFIER_FUNCTION"] = f"{settings.endpoint}:{ALIAS}"
    return called


def _layer(settings: Settings) -> dict[str, Any]:
    """Return the layer of ffmpeg and pydub. SAM deletes unused versions only where told so."""
    properties = {
        "LayerName": f"{settings.function}-ffmpeg",
        "CompatibleRuntimes": [settings.runtime],
        "CompatibleArchitectures": ["x86_64"],
        "RetentionPolicy": "Delete",
    }
    return {"Type": "AWS::Serverless::LayerVersion", "Properties": properties}


def _function(settings: Settings) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "FunctionName": settings.function,
        "Runtime": settings.runtime,
        "Layers": [{"Ref": "Layer"}],
    }
    properties |= warm(settings.provisioned_concurrency)
    # The log group comes first and goes last: otherwise Lambda makes its own, which never forgets.
    return {"DependsOn": ["FunctionLogs"], "Properties": properties}


def _api(settings: Settings) -> dict[str, Any]:
    limits = {
        "ResourcePath": "/*",
        "HttpMethod": "*",
        "ThrottlingRateLimit": settings.throttle_requests_per_second,
        "ThrottlingBurstLimit": settings.throttle_burst,
    }
    return {
        "Name": settings.function,
        # Without it SAM adds a second stage named "Stage", outside these limits.
        "OpenApiVersion": "2.0",
        "TracingEnabled": settings.xray,
        # No access log: it has a line for each request that is turned away, which nothing limits
        # (0.50 $ a GB). What is answered is in the main Lambda's log, the rest in the metrics.
        "MethodSettings": [limits],
        "DefinitionBody": {
            "x-amazon-apigateway-gateway-responses": gateway_responses(settings.cors_origins)
        },
    }


def _call_alias(template: dict[str, Any]) -> dict[str, Any]:
    """Let the gateway call the alias, whose Lambdas are kept warm, instead of the newest code."""
    old, new = "${APIHandler.Arn}/invocations", "${APIHandler.Alias}/invocations"
    called: dict[str, Any] = json.loads(json.dumps(template).replace(old, new))
    permission = called["Resources"]["APIHandlerInvokePermission"]["Properties"]
    permission["FunctionName"] = {"Ref": "APIHandler.Alias"}
    return called


def _call_spectrogram_alias(template: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Let the main Lambda call, and allow it to call, the warm spectrogram Lambdas."""
    name, called = settings.spectrogram_function, f"{settings.spectrogram_function}:{ALIAS}"
    environment = template["Resources"]["APIHandler"]["Properties"]["Environment"]
    environment["Variables"]["SPECTROGRAM_FUNCTION"] = called
    text = json.dumps(template).replace(f':function:{name}"', f':function:{called}"')
    aliased: dict[str, Any] = json.loads(text)
    return aliased
