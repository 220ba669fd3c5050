"""What a month costs: AWS list prices of us-east-1 in US dollars, November 2026, no free tiers.

No feed of prices was at hand, so check before you budget. Lambda, API Gateway and CloudWatch agree
with what others wrote down in 2025 and 2026 (cloudburn.io/blog/amazon-cloudwatch-pricing,
go-cloud.io/aws-lambda-pricing); ml.c5.large, serverless and data are confirmed by AWS's own tool
(constants.py of aws-samples/sagemaker-serverless-inference-benchmarking); the others, ml.m4.xlarge
among them, are remembered. eu-west-1 is up to a tenth dearer.
"""

from dataclasses import dataclass, field

from infra.alarms import stage_alarms
from infra.config import Settings
from infra.endpoint.presets import PRESETS, Function, Hosting, Instances

CLIPS_A_DAY = (0, 1_000, 100_000)
HEADS = tuple(f"{clips:,} a day" for clips in CLIPS_A_DAY)
DAYS = 30
HOURS_A_DAY = 24
SECONDS_A_DAY = 86_400
MB_A_GB = 1_024
TITLE_CHARACTERS = 44

# Dollars for one of each.
PRICES = {
    "API Gateway, request": 3.50 / 1e6,
    "Lambda, request": 0.20 / 1e6,
    "Lambda, GB-second": 0.000_016_666_7,
    "Lambda kept warm, GB-second": 0.000_004_166_7,
    "CloudWatch, GB of logs": 0.50,
    "CloudWatch, alarm": 0.10,
    "CloudWatch, dashboard": 3.00,
    "S3, GB": 0.023,
    # aws.amazon.com/ec2/pricing/on-demand: data transfer to the internet.
    "AWS, GB out": 0.09,
    "CloudFront, request": 0.01 / 1e4,
    "CloudFront, GB": 0.085,
    "X-Ray, trace": 5.00 / 1e6,
    "SageMaker, hour of ml.c5.large": 0.102,
    "SageMaker, hour of ml.m4.xlarge": 0.24,
    "SageMaker, serverless GB-second": 0.000_02,
    # In and out, whatever the hosting.
    "SageMaker, GB of data": 0.016,
}
# The report's median answer took 1.84 s, of which the main Lambda waits the most.
MAIN_SECONDS = 1.84
SPECTROGRAM_SECONDS = 0.3
# Both functions' lines.
LOG_GB_A_CLIP = 2e-6
# One visit a clip: files and bytes of the page, cached ones not counted.
SITE_REQUESTS, SITE_GB = 20, 0.000_3
STORED_GB = 0.5
# Three windows of 148 kB of base64: a recording of a quarter of a minute.
ENDPOINT_GB = 0.000_44
# Five windows on a share of a core; a cold start is not charged as such, but its seconds are.
SERVERLESS_SECONDS_A_REQUEST = 0.5
# Three windows on one core: twice what `make power-tuning` measures, for Lambda's own JSON.
FUNCTION_SECONDS = 0.04

# {name of PRICES: amount}
Usage = dict[str, float]


@dataclass(frozen=True)
class Part:
    """What a part of the product uses: in a month without any clip, and more for each clip."""

    what: str
    a_month: Usage = field(default_factory=dict)
    a_clip: Usage = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One row: what it is, and dollars a month, mostly at each of CLIPS_A_DAY."""

    what: str
    dollars: tuple[float, ...]


def dollars(usage: Usage) -> float:
    return sum(PRICES[name] * amount for name, amount in usage.items())


def parts(settings: Settings, hosting: Hosting) -> list[Part]:
    """Return all parts; a warm Lambda and X-Ray only where they are on."""
    main_gb = settings.memory_size / MB_A_GB
    spectrogram_gb = settings.spectrogram_memory_size / MB_A_GB
    gb_seconds = main_gb * MAIN_SECONDS + spectrogram_gb * SPECTROGRAM_SECONDS
    warm_gb = settings.provisioned_concurrency * main_gb
    warm_gb += settings.spectrogram_provisioned_concurrency * spectrogram_gb
    alarms = len(stage_alarms(settings, hosting.kind))
    always = [
        *_model(hosting),
        Part("API Gateway", a_clip={"API Gateway, request": 1}),
        Part("Lambda", a_clip={"Lambda, request": 2, "Lambda, GB-second": gb_seconds}),
        Part("logs", a_clip={"CloudWatch, GB of logs": LOG_GB_A_CLIP}),
        Part("site", a_clip={"CloudFront, request": SITE_REQUESTS, "CloudFront, GB": SITE_GB}),
        Part("storage", {"S3, GB": STORED_GB}),
        Part("alarms and dashboard", {"CloudWatch, alarm": alarms, "CloudWatch, dashboard": 1}),
    ]
    kept_warm = Part("warm Lambdas (setting)", warm(warm_gb))
    traces = Part("X-Ray (setting)", a_clip={"X-Ray, trace": 1})
    return [*always, *[kept_warm] * bool(warm_gb), *[traces] * settings.xray]


def monthly(settings: Settings, hosting: Hosting) -> list[Line]:
    lines = [
        Line(part.what, tuple(part_dollars(part, DAYS * clips) for clips in CLIPS_A_DAY))
        for part in parts(settings, hosting)
    ]
    columns = zip(*(line.dollars for line in lines), strict=True)
    return [*lines, Line("together", tuple(map(sum, columns)))]


def part_dollars(part: Part, clips: float) -> float:
    return dollars(part.a_month) + clips * dollars(part.a_clip)


def lines(settings: Settings, hosting: Hosting) -> list[str]:
    title = "$ a month, list prices of us-east-1"
    return [*table(title, HEADS, monthly(settings, hosting)), *comparison()]


def comparison() -> list[str]:
    """Return what each way to host the model costs, and whom the cheapest is for."""
    rows = []
    for name, preset in PRESETS.items():
        parts = _model(preset.hosting)
        month = (sum(part_dollars(part, DAYS * clips) for part in parts) for clips in CLIPS_A_DAY)
        rows.append(Line(f"--preset {name}", tuple(month)))
    return [
        *table("the model and its data, $ a month", HEADS, rows),
        "A hobby takes --preset lambda: its model costs nothing while nobody asks.",
    ]


def table(title: str, heads: tuple[str, ...], rows: list[Line]) -> list[str]:
    cells = [(row.what, [f"{amount:,.2f}" for amount in row.dollars]) for row in rows]
    return [
        what.ljust(TITLE_CHARACTERS) + "".join(f"{text:>16}" for text in texts)
        for what, texts in [(title, heads), *cells]
    ]


def warm(gigabytes: float) -> Usage:
    """Return what Lambdas of so much memory together, kept warm, use in a month."""
    return {"Lambda kept warm, GB-second": gigabytes * DAYS * SECONDS_A_DAY}


def _model(hosting: Hosting) -> list[Part]:
    """Return what the model runs on, and what SageMaker takes for its data."""
    if isinstance(hosting, Function):
        gb_seconds = hosting.memory_mb / MB_A_GB * FUNCTION_SECONDS
        a_clip: Usage = {"Lambda, request": 1, "Lambda, GB-second": gb_seconds}
        return [Part("model, in a Lambda", a_clip=a_clip)]
    data = Part("data into the endpoint", a_clip={"SageMaker, GB of data": ENDPOINT_GB})
    what = "model, one instance or serverless"
    if isinstance(hosting, Instances):
        hours = hosting.initial_count * DAYS * HOURS_A_DAY
        return [Part(what, {f"SageMaker, hour of {hosting.instance_type}": hours}), data]
    gb_seconds = hosting.memory_mb / MB_A_GB * SERVERLESS_SECONDS_A_REQUEST
    return [Part(what, a_clip={"SageMaker, serverless GB-second": gb_seconds}), data]


def dollars_a_month(hosting: Hosting, requests_a_day: float) -> float:
    """Return what 30 days cost with one instance or so many requests, without data."""
    return part_dollars(_model(hosting)[0], DAYS * requests_a_day)
