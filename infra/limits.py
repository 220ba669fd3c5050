"""What AWS takes of the settings: names, sizes, times."""

import re
from collections.abc import Iterator
from typing import Any

# (setting, the longest name that is made of it, what AWS takes, in words):
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
# docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
NAMES = (
    (
        "app_name",
        "{app_name}-{stage}-site-123456789012-{region}",
        "[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "3 to 63 small letters, digits and hyphens for a bucket",
    ),
    (
        "ENDPOINT_NAME",
        "{endpoint}-0123456789ab",
        "[a-zA-Z](-*[a-zA-Z0-9]){0,62}",
        "at most 63 letters, digits and hyphens for an endpoint, its candidate and its models, "
        "a letter first for its stack",
    ),
    (
        "SPECTROGRAM_FUNCTION",
        "{spectrogram_function}",
        "[a-zA-Z][a-zA-Z0-9-]{0,63}",
        "a letter and at most 63 letters, digits and hyphens for a Lambda and its stack",
    ),
)
# The main Lambda's layer is the same for each, so it cannot hold audioop-lts.
PYTHONS = ("3.11", "3.12")
MEMORY, SECONDS = range(128, 10_241), range(1, 901)
# docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
VALUES: dict[str, range | tuple[Any, ...]] = {
    "memory_size": MEMORY,
    "spectrogram_memory_size": MEMORY,
    "timeout": SECONDS,
    "spectrogram_timeout": SECONDS,
    "throttle_requests_per_second": range(1, 10_001),
    "throttle_burst": range(1, 5_001),
    "log_retention_days": (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096),
    "site_mode": ("website", "cloudfront"),
}


def problems(values: dict[str, Any]) -> Iterator[str]:
    """Yield what AWS would refuse later, from the fields of Settings."""
    for setting, template, pattern, words in NAMES:
        name = template.format(**values)
        if not re.fullmatch(pattern, name):
            yield f"{setting} leads to the name {name!r}, but AWS takes {words}"
    for setting, taken in VALUES.items():
        if values[setting] not in taken:
            yield f"{setting} is {values[setting]!r}, but AWS takes {_in_words(taken)}"
    if values["python"] not in PYTHONS:
        choice = " or ".join(PYTHONS)
        yield f"python is {values['python']!r}, which lacks audioop for pydub: choose {choice}"


def _in_words(taken: range | tuple[Any, ...]) -> str:
    is_range = isinstance(taken, range)
    return f"{taken[0]:,} to {taken[-1]:,}" if is_range else ", ".join(map(str, taken))
