"""What a month costs: AWS list prices of us-east-1 in US dollars, November 2026, without free tiers.

No feed of prices was at hand, so check before you budget. Lambda, API Gateway and CloudWatch agree with what others
wrote down in 2025 and 2026 (R: cloudburn.io/blog/amazon-cloudwatch-pricing, go-cloud.io/aws-lambda-pricing); the rest
is remembered. ml.c5.large, serverless and data are confirmed by AWS's own tool (R: constants.py of
aws-samples/sagemaker-serverless-inference-benchmarking); ml.m4.xlarge is remembered. eu-west-1 is up to a tenth dearer.
"""

from dataclasses import dataclass

from infra import stage
from infra.config import Settings
from infra.endpoint.presets import DEFAULT_PRESET, PRESETS, Hosting, Instances, Preset
from infra.monitoring.alarms import stage_alarms

CLIPS_A_DAY = (0, 1_000, 100_000)
DAYS = 30
SECONDS_A_MONTH = DAYS * 86_400
MB_A_GB = 1_024
TITLE_CHARACTERS = 44

DOLLARS = {
    "API Gateway, a million requests": 3.50,
    "Lambda, a million requests": 0.20,
    "Lambda, a GB-second": 0.000_016_666_7,
    "Lambda kept warm, a GB-second": 0.000_004_166_7,
    "CloudWatch Logs, a GB": 0.50,
    "CloudWatch, an alarm": 0.10,
    "CloudWatch, a dashboard": 3.00,
    "S3, a GB": 0.023,
    "CloudFront, 10,000 requests": 0.0100,
    "CloudFront, a GB": 0.085,
    "X-Ray, a million traces": 5.00,
}
# The report's median answer took 1.84 s, of which the main Lambda waits the most.
MAIN_SECONDS = 1.84
SPECTROGRAM_SECONDS = 0.3
# Both functions' lines and the gateway's.
LOG_GB_A_CLIP = 2e-6
# One visit a clip: files and bytes of the page, cached ones not counted.
SITE_REQUESTS, SITE_GB = 20, 0.000_3
STORED_GB = 0.5
# Three windows of 148 kB of base64: a recording of a quarter of a minute.
ENDPOINT_GB = 0.000_44
DOLLARS_AN_HOUR = {"ml.m4.xlarge": 0.24, "ml.c5.large": 0.102}
SERVERLESS_DOLLARS_A_GB_SECOND = 0.000_02
# In and out, whatever the hosting.
DOLLARS_A_GB_OF_DATA = 0.016
HOURS_A_DAY = 24
DAYS_A_MONTH = 30
# Five windows on a share of a core; a cold start is not charged as such, but its seconds are.
SERVERLESS_SECONDS_A_REQUEST = 0.5


@dataclass(frozen=True)
class Line:
    """One row: what it is, and dollars a month, mostly at each of CLIPS_A_DAY."""

    what: str
    dollars: tuple[float, ...]


def monthly(settings: Settings, hosting: Hosting) -> list[Line]:
    """Price each part at each size; a warm Lambda and X-Ray only where they are on."""
    main_gb, spectrogram_gb = (
        settings.memory_size / MB_A_GB,
        settings.spectrogram_memory_size / MB_A_GB,
    )
    compute = (main_gb * MAIN_SECONDS + spectrogram_gb * SPECTROGRAM_SECONDS) * DOLLARS[
        "Lambda, a GB-second"
    ]
    request = DOLLARS["API Gateway, a million requests"] / 1e6
    invoke = 2 * DOLLARS["Lambda, a million requests"] / 1e6
    page = (
        SITE_REQUESTS * DOLLARS["CloudFront, 10,000 requests"] / 1e4
        + SITE_GB * DOLLARS["CloudFront, a GB"]
    )
    alarms = len(stage_alarms(stage.watched(settings)))
    watching = alarms * DOLLARS["CloudWatch, an alarm"] + DOLLARS["CloudWatch, a dashboard"]
    lines = [
        Line(
            "endpoint, one instance or serverless",
            tuple(dollars_a_month(hosting, clips) for clips in CLIPS_A_DAY),
        ),
        _line("data into the endpoint", a_clip=ENDPOINT_GB * DOLLARS_A_GB_OF_DATA),
        _line("API Gateway", a_clip=request),
        _line("Lambda", a_clip=invoke + compute),
        _line("logs", a_clip=LOG_GB_A_CLIP * DOLLARS["CloudWatch Logs, a GB"]),
        _line("site", a_clip=page),
        _line("storage", fixed=STORED_GB * DOLLARS["S3, a GB"]),
        _line("alarms and dashboard", fixed=watching),
        *_options(settings, main_gb, spectrogram_gb),
    ]
    return [
        *lines,
        Line("together", tuple(map(sum, zip(*(line.dollars for line in lines), strict=True)))),
    ]


def lines(settings: Settings, hosting: Hosting) -> list[str]:
    """Set the prices as text."""
    heads = tuple(f"{clips:,} a day" for clips in CLIPS_A_DAY)
    return table("$ a month, list prices of us-east-1", heads, monthly(settings, hosting))


def table(title: str, heads: tuple[str, ...], rows: list[Line]) -> list[str]:
    """Set rows under their heads."""
    texts = [
        row.what.ljust(TITLE_CHARACTERS) + "".join(f"{dollars:>16,.2f}" for dollars in row.dollars)
        for row in rows
    ]
    return [title.ljust(TITLE_CHARACTERS) + "".join(f"{head:>16}" for head in heads), *texts]


def warm_dollars(copies: int, memory_gb: float) -> float:
    """Say what Lambdas that are kept warm cost a month, before they do anything."""
    return copies * memory_gb * SECONDS_A_MONTH * DOLLARS["Lambda kept warm, a GB-second"]


def _options(settings: Settings, main_gb: float, spectrogram_gb: float) -> list[Line]:
    warm = warm_dollars(settings.provisioned_concurrency, main_gb)
    warm += warm_dollars(settings.spectrogram_provisioned_concurrency, spectrogram_gb)
    lines = [_line("warm Lambdas (setting)", fixed=warm)] if warm else []
    traces = DOLLARS["X-Ray, a million traces"] / 1e6
    return [*lines, _line("X-Ray (setting)", a_clip=traces)] if settings.xray else lines


def _line(what: str, *, fixed: float = 0.0, a_clip: float = 0.0) -> Line:
    return Line(what, tuple(fixed + DAYS * clips * a_clip for clips in CLIPS_A_DAY))


def dollars_a_day(hosting: Hosting, requests_a_day: float) -> float:
    """Say what a day costs with one instance, or with so many serverless requests; data transfer is not in it."""
    if isinstance(hosting, Instances):
        return DOLLARS_AN_HOUR[hosting.instance_type] * hosting.initial_count * HOURS_A_DAY
    gigabytes = hosting.memory_mb / MB_A_GB
    return (
        requests_a_day * SERVERLESS_SECONDS_A_REQUEST * gigabytes * SERVERLESS_DOLLARS_A_GB_SECOND
    )


def dollars_a_month(hosting: Hosting, requests_a_day: float) -> float:
    """Say what 30 days cost, as `dollars_a_day`."""
    return DAYS_A_MONTH * dollars_a_day(hosting, requests_a_day)


def break_even(serverless: Hosting, instances: Hosting) -> int:
    """Say from how many requests a day one instance is cheaper than serverless."""
    return round(dollars_a_day(instances, 0) / dollars_a_day(serverless, 1))


def price_lines(preset: Preset) -> list[str]:
    """Say what the hosting costs a month, and where serverless stops being cheaper."""
    prices = (
        f"{clips:,} clips a day: {dollars_a_month(preset.hosting, clips):,.2f} $"
        for clips in CLIPS_A_DAY
    )
    turn = break_even(PRESETS["serverless"].hosting, PRESETS[DEFAULT_PRESET].hosting)
    return [
        preset.describe(),
        f"A month, one instance, us-east-1 list price, no traffic charges: {', '.join(prices)}",
        f"Serverless is cheaper than one instance of `{DEFAULT_PRESET}` up to {turn:,} requests a day.",
    ]
