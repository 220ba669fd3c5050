"""What strangers can cost at most: every limit reached, day and night.

The address is public and what it asks is paid. This is an upper bound: every Lambda that may run
does run, as long as it may, on the most machines that scaling starts.
"""

from infra import cost
from infra.config import Settings
from infra.cost import DAYS, HOURS_A_DAY, MB_A_GB, SECONDS_A_DAY, Line, Usage, dollars
from infra.endpoint.presets import Function, Preset, Serverless

# A minute's twelve windows in base64 (docs/contracts.md).
LARGEST_QUESTION_GB = 12 * 148_032 / 1e9
# Twelve windows of twenty species, and their head.
LARGEST_ANSWER_GB = 30_000 / 1e9
HEADS = ("a day", "a month")


def lines(settings: Settings, preset: Preset) -> list[str]:
    needs = "" if settings.alarm_email else " (they need alarm_email)"
    return [
        "Without any limit: downloads of the page (0.09 $ a GB: 970 $ a day for each Gbit/s) and "
        "answers of 429 on their way out. The guards: two alarms and the budget's mail"
        f"{needs}; `make close`; CloudFront's flat-rate plans, which charge no overage.",
        *cost.table(
            "$ at most, if strangers never stop asking", HEADS, upper_bound(settings, preset)
        ),
    ]


def upper_bound(settings: Settings, preset: Preset) -> list[Line]:
    """Return the bound of each part and of all together, in dollars a day and a month."""
    requests = settings.throttle_requests_per_second * SECONDS_A_DAY
    _, *others = cost.parts(settings, preset.hosting)
    sent = 0 if isinstance(preset.hosting, Function) else requests * LARGEST_QUESTION_GB
    bounds = {
        "model": dollars(_model(settings, preset)),
        "data into the endpoint": dollars({"SageMaker, GB of data": sent}),
        "Lambda": dollars({"Lambda, GB-second": _busy_gb(settings) * SECONDS_A_DAY}),
        "answers on their way out": requests * dollars({"AWS, GB out": LARGEST_ANSWER_GB}),
        "requests, logs, traces": requests * dollars(_a_request(settings)),
        "what costs without any request": sum(dollars(part.a_month) for part in others) / DAYS,
    }
    bounds["together"] = sum(bounds.values())
    return [Line(what, (a_day, DAYS * a_day)) for what, a_day in bounds.items()]


def _a_request(settings: Settings) -> Usage:
    return {
        "API Gateway, request": 1,
        "Lambda, request": 2,
        "CloudWatch, GB of logs": cost.LOG_GB_A_CLIP,
        "X-Ray, trace": int(settings.xray),
    }


def _model(settings: Settings, preset: Preset) -> Usage:
    """Return what the model's hosting uses in a day at its largest."""
    hosting = preset.hosting
    if isinstance(hosting, Function):
        gigabytes = _at_once(settings, hosting.timeout) * hosting.memory_mb / MB_A_GB
        requests = settings.throttle_requests_per_second * SECONDS_A_DAY
        return {"Lambda, GB-second": gigabytes * SECONDS_A_DAY, "Lambda, request": requests}
    if isinstance(hosting, Serverless):
        gigabytes = hosting.max_concurrency * hosting.memory_mb / MB_A_GB
        return {"SageMaker, serverless GB-second": gigabytes * SECONDS_A_DAY}
    largest = preset.scaling.largest if preset.scaling else hosting.initial_count
    return {f"SageMaker, hour of {hosting.instance_type}": largest * HOURS_A_DAY}


def _busy_gb(settings: Settings) -> float:
    """Return the memory of all Lambdas that can be busy at once."""
    kinds = (
        (settings.memory_size, settings.timeout),
        (settings.spectrogram_memory_size, settings.spectrogram_timeout),
    )
    return sum(_at_once(settings, timeout) * memory / MB_A_GB for memory, timeout in kinds)


def _at_once(settings: Settings, timeout: int) -> int:
    """Return the rate times the time limit, or the cap where that is less."""
    wanted = settings.throttle_requests_per_second * timeout
    return min(wanted, settings.reserved_concurrency) if settings.reserved_concurrency else wanted
