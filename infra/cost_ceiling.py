"""What strangers can cost at most: every limit reached, day and night. The address is public and what it asks is paid.

An upper bound: every Lambda that may run does run, as long as it may, on the most machines that scaling starts.
"""

from infra.config import Settings
from infra.cost import (
    DAYS,
    DOLLARS,
    DOLLARS_A_GB_OF_DATA,
    DOLLARS_AN_HOUR,
    HOURS_A_DAY,
    LOG_GB_A_CLIP,
    MB_A_GB,
    SERVERLESS_DOLLARS_A_GB_SECOND,
    Line,
    dollars_a_month,
    monthly,
    table,
)
from infra.endpoint.presets import Instances, Preset, Serverless

SECONDS_A_DAY = 86_400
# A minute's twelve windows in base64 (docs/contracts.md).
LARGEST_QUESTION_GB = 12 * 148_032 / 1e9
HEADS = ("a day", "a month")


def lines(settings: Settings, preset: Preset) -> list[str]:
    """Set the bound as text, and say what it leaves out."""
    return [
        *table("$ at most, if strangers never stop asking", HEADS, most(settings, preset)),
        "Not in it, for nothing limits them: downloads of the page (about 0.09 $ a GB), and a line of log for each "
        f"request that is turned away (0.50 $ a GB). The guard is the budget's mail"
        f"{'' if settings.alarm_email else ', which needs alarm_email'}.",
    ]


def most(settings: Settings, preset: Preset) -> list[Line]:
    """Bound each part, in dollars a day and a month."""
    requests = settings.throttle_requests_per_second * SECONDS_A_DAY
    a_request = (
        DOLLARS["API Gateway, a million requests"] + 2 * DOLLARS["Lambda, a million requests"]
    ) / 1e6
    logs = LOG_GB_A_CLIP * DOLLARS["CloudWatch Logs, a GB"]
    traces = DOLLARS["X-Ray, a million traces"] / 1e6 if settings.xray else 0.0
    parts = {
        "endpoint": _endpoint(preset),
        "data into the endpoint": requests * LARGEST_QUESTION_GB * DOLLARS_A_GB_OF_DATA,
        "Lambda": _busy_gb(settings) * SECONDS_A_DAY * DOLLARS["Lambda, a GB-second"],
        "requests, logs, traces": requests * (a_request + logs + traces),
        "what costs without any request": _standing(settings, preset) / DAYS,
    }
    parts["together"] = sum(parts.values())
    return [Line(what, (dollars, DAYS * dollars)) for what, dollars in parts.items()]


def _endpoint(preset: Preset) -> float:
    hosting = preset.hosting
    if isinstance(hosting, Serverless):
        gigabytes = hosting.max_concurrency * hosting.memory_mb / MB_A_GB
        return gigabytes * SECONDS_A_DAY * SERVERLESS_DOLLARS_A_GB_SECOND
    return _largest(preset, hosting) * DOLLARS_AN_HOUR[hosting.instance_type] * HOURS_A_DAY


def _standing(settings: Settings, preset: Preset) -> float:
    *_, together = monthly(settings, preset.hosting)
    return together.dollars[0] - dollars_a_month(preset.hosting, 0)


def _largest(preset: Preset, hosting: Instances) -> int:
    return preset.scaling.largest if preset.scaling else hosting.initial_count


def _busy_gb(settings: Settings) -> float:
    """The memory of all Lambdas that can be busy at once: the rate times their time limits, or the cap."""
    kinds = (
        (settings.memory_size, settings.timeout),
        (settings.spectrogram_memory_size, settings.spectrogram_timeout),
    )
    return sum(_at_once(settings, timeout) * memory / MB_A_GB for memory, timeout in kinds)


def _at_once(settings: Settings, timeout: int) -> int:
    wanted = settings.throttle_requests_per_second * timeout
    return min(wanted, settings.reserved_concurrency) if settings.reserved_concurrency else wanted
