"""What of one stage is watched, and the alarms that watch it."""

from dataclasses import dataclass

from infra.monitoring.alarm import VARIANT, Alarm, endpoint_alarms

MILLISECONDS = 1_000
# The deadline that is passed down is 20 s, API Gateway's own is 29 s (docs/contracts.md).
SLOW_ANSWER_SECONDS = 10
NEAR_DEADLINE_SECONDS = 20
SLOW_SPECTROGRAM_SECONDS = 5
FIVE_MINUTES = 300
FULL_PERCENT = 90


@dataclass(frozen=True)
class Watched:
    """The names of one stage's parts; `instances` tells an endpoint that always runs from a serverless one."""

    api: str
    stage: str
    function: str
    spectrogram_function: str
    endpoint: str
    instances: bool = True

    @property
    def name(self) -> str:
        """Name the dashboard, the topic and the budget: as the main Lambda."""
        return self.function


def stage_alarms(watched: Watched) -> list[Alarm]:
    """List every alarm of a stage: errors, latency, throttles, health."""
    functions = [
        *function_alarms(watched.function, NEAR_DEADLINE_SECONDS),
        *function_alarms(watched.spectrogram_function, SLOW_SPECTROGRAM_SECONDS),
    ]
    return [
        *api_alarms(watched),
        *functions,
        *endpoint_alarms(watched.endpoint),
        *health_alarms(watched),
    ]


def api_alarms(watched: Watched) -> list[Alarm]:
    """Watch what the visitor sees."""
    of_stage = (("ApiName", watched.api), ("Stage", watched.stage))
    errors = Alarm(
        f"{watched.name}-api-errors",
        "Five answers in five minutes were 5xx: look for the error's code in the main Lambda's log.",
        "AWS/ApiGateway",
        "5XXError",
        of_stage,
        threshold=5,
        period=FIVE_MINUTES,
    )
    latency = Alarm(
        f"{watched.name}-api-latency",
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
    """Watch a Lambda: an error of its own is a bug or a timeout, a throttle is the concurrency cap."""
    of_function = (("FunctionName", function),)
    return [
        Alarm(
            f"{function}-errors",
            "The Lambda crashed or ran into its timeout.",
            "AWS/Lambda",
            "Errors",
            of_function,
            threshold=3,
            period=FIVE_MINUTES,
        ),
        Alarm(
            f"{function}-throttles",
            "Calls were turned away: more came at once than its reserved concurrency allows.",
            "AWS/Lambda",
            "Throttles",
            of_function,
            threshold=10,
            period=FIVE_MINUTES,
        ),
        Alarm(
            f"{function}-duration",
            f"One call in a hundred takes {slow_seconds} s or more.",
            "AWS/Lambda",
            "Duration",
            of_function,
            threshold=slow_seconds * MILLISECONDS,
            statistic="p99",
            period=FIVE_MINUTES,
            points=2,
        ),
    ]


def health_alarms(watched: Watched) -> list[Alarm]:
    """Watch that the endpoint understands us and, where it always runs, that it runs and has memory left."""
    of_variant = (("EndpointName", watched.endpoint), ("VariantName", VARIANT))
    refused = Alarm(
        f"{watched.endpoint}-refused",
        "The model refused requests with 4xx: model and Lambda no longer fit.",
        "AWS/SageMaker",
        "Invocation4XXErrors",
        of_variant,
        threshold=5,
        period=FIVE_MINUTES,
    )
    if not watched.instances:
        return [refused]
    machines = "/aws/sagemaker/Endpoints"
    running = Alarm(
        f"{watched.endpoint}-not-running",
        "No instance has reported for five minutes: the endpoint is down or deleted.",
        machines,
        "CPUUtilization",
        of_variant,
        threshold=1,
        statistic="SampleCount",
        points=5,
        comparison="LessThanThreshold",
        missing="breaching",
    )
    memory = Alarm(
        f"{watched.endpoint}-memory",
        "An instance uses nearly all of its memory.",
        machines,
        "MemoryUtilization",
        of_variant,
        threshold=FULL_PERCENT,
        statistic="Maximum",
        points=5,
    )
    return [refused, running, memory]
