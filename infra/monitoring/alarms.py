"""Every alarm of one stage: errors, latency, throttles, health."""

from infra.config import Settings
from infra.monitoring.alarm import VARIANT, Alarm, endpoint_alarms

MILLISECONDS = 1_000
# The deadline that is passed down is 20 s, API Gateway's own is 29 s (docs/contracts.md).
SLOW_ANSWER_SECONDS = 10
NEAR_DEADLINE_SECONDS = 20
SLOW_SPECTROGRAM_SECONDS = 5
FIVE_MINUTES = 300
FULL_PERCENT = 90


def stage_alarms(settings: Settings, *, instances: bool) -> list[Alarm]:
    """Return all alarms; `instances` tells an endpoint that always runs from a serverless one."""
    return [
        *api_alarms(settings),
        *function_alarms(settings.function, NEAR_DEADLINE_SECONDS),
        *function_alarms(settings.spectrogram_function, SLOW_SPECTROGRAM_SECONDS),
        *endpoint_alarms(settings.endpoint),
        *health_alarms(settings.endpoint, instances=instances),
    ]


def api_alarms(settings: Settings) -> list[Alarm]:
    """Return the alarms of what a visitor sees."""
    of_stage = (("ApiName", settings.function), ("Stage", settings.stage))
    errors = Alarm(
        f"{settings.function}-api-errors",
        "Five answers in five minutes were 5xx: look for the code in the main Lambda's log.",
        "AWS/ApiGateway",
        "5XXError",
        of_stage,
        threshold=5,
        period=FIVE_MINUTES,
    )
    latency = Alarm(
        f"{settings.function}-api-latency",
        f"One answer in twenty takes {SLOW_ANSWER_SECONDS} s or more.",
        "AWS/ApiGateway",
        "Latency",
        of_stage,
        threshold=SLOW_ANSWER_SECONDS * MILLISECONDS,
        statistic="p95",
        period=FIVE_MINUTES,
        points=2,
    )
    return [errors, latency]


def function_alarms(function: str, slow_seconds: int) -> list[Alarm]:
    """Return a Lambda's: its own error is a bug or a timeout, a throttle is the concurrency cap."""
    of_function = (("FunctionName", function),)
    errors = Alarm(
        f"{function}-errors",
        "The Lambda crashed or ran into its timeout.",
        "AWS/Lambda",
        "Errors",
        of_function,
        threshold=3,
        period=FIVE_MINUTES,
    )
    throttles = Alarm(
        f"{function}-throttles",
        "Calls were turned away: more came at once than its reserved concurrency allows.",
        "AWS/Lambda",
        "Throttles",
        of_function,
        threshold=10,
        period=FIVE_MINUTES,
    )
    duration = Alarm(
        f"{function}-duration",
        f"One call in a hundred takes {slow_seconds} s or more.",
        "AWS/Lambda",
        "Duration",
        of_function,
        threshold=slow_seconds * MILLISECONDS,
        statistic="p99",
        period=FIVE_MINUTES,
        points=2,
    )
    return [errors, throttles, duration]


def health_alarms(endpoint: str, *, instances: bool) -> list[Alarm]:
    """Return those of an endpoint that refuses us, does not run, or is short of memory."""
    of_variant = (("EndpointName", endpoint), ("VariantName", VARIANT))
    refused = Alarm(
        f"{endpoint}-refused",
        "The model refused requests with 4xx: model and Lambda no longer fit.",
        "AWS/SageMaker",
        "Invocation4XXErrors",
        of_variant,
        threshold=5,
        period=FIVE_MINUTES,
    )
    if not instances:
        return [refused]
    running = Alarm(
        f"{endpoint}-not-running",
        "No instance has reported for five minutes: the endpoint is down or deleted.",
        "/aws/sagemaker/Endpoints",
        "CPUUtilization",
        of_variant,
        threshold=1,
        statistic="SampleCount",
        points=5,
        comparison="LessThanThreshold",
        missing="breaching",
    )
    memory = Alarm(
        f"{endpoint}-memory",
        "An instance uses nearly all of its memory.",
        "/aws/sagemaker/Endpoints",
        "MemoryUtilization",
        of_variant,
        threshold=FULL_PERCENT,
        statistic="Maximum",
        points=5,
    )
    return [refused, running, memory]
