"""List prices of hosting in us-east-1, in US dollars, November 2026: check them before you budget.

ml.c5.large, serverless and data are confirmed by AWS's own tool (R: constants.py of
aws-samples/sagemaker-serverless-inference-benchmarking); ml.m4.xlarge is remembered.
"""

from endpoint.hosting import Hosting, Instances

DOLLARS_AN_HOUR = {"ml.m4.xlarge": 0.24, "ml.c5.large": 0.102}
SERVERLESS_DOLLARS_A_GB_SECOND = 0.000_02
# In and out, whatever the hosting.
DOLLARS_A_GB_OF_DATA = 0.016
HOURS_A_DAY = 24
DAYS_A_MONTH = 30
# Five windows on a share of a core; a cold start is not charged as such, but its seconds are.
SERVERLESS_SECONDS_A_REQUEST = 0.5
MB_A_GB = 1_024


def dollars_a_day(hosting: Hosting, requests_a_day: float) -> float:
    """Say what a day costs with one instance, or with so many serverless requests; data transfer is not in it."""
    if isinstance(hosting, Instances):
        return DOLLARS_AN_HOUR[hosting.instance_type] * hosting.initial_count * HOURS_A_DAY
    gigabytes = hosting.memory_mb / MB_A_GB
    return requests_a_day * SERVERLESS_SECONDS_A_REQUEST * gigabytes * SERVERLESS_DOLLARS_A_GB_SECOND


def dollars_a_month(hosting: Hosting, requests_a_day: float) -> float:
    """Say what 30 days cost, as `dollars_a_day`."""
    return DAYS_A_MONTH * dollars_a_day(hosting, requests_a_day)


def break_even(serverless: Hosting, instances: Hosting) -> int:
    """Say from how many requests a day one instance is cheaper than serverless."""
    return round(dollars_a_day(instances, 0) / dollars_a_day(serverless, 1))
