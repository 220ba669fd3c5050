"""How many Lambdas may run at once: the cap that config.json asks for, if the account has room for it."""

from dataclasses import replace

from botocore.exceptions import ClientError

from infra.change import error_code
from infra.config import Settings
from infra.session import Aws

# AWS keeps so many for the functions that reserve none.
LEFT_FOR_OTHERS = 100


def fit(aws: Aws, settings: Settings) -> Settings:
    """Drop the cap where the account is too small for it: a new one often has 10 in all, which is a cap by itself."""
    unreserved = aws.functions.get_account_settings()["AccountLimit"][
        "UnreservedConcurrentExecutions"
    ]
    ours = sum(_reserved(aws, name) for name in (settings.function, settings.spectrogram_function))
    if 2 * settings.reserved_concurrency <= unreserved + ours - LEFT_FOR_OTHERS:
        return settings
    return replace(settings, reserved_concurrency=0)


def note(settings: Settings, fitted: Settings) -> list[str]:
    """Say in one sentence that the cap was dropped, if it was."""
    if settings == fitted:
        return []
    return [
        f"The account's limit of concurrent Lambdas is too low to set {settings.reserved_concurrency} aside for each "
        "function: the account's own limit is the cap. Ask for 1,000 under Service Quotas, then deploy again."
    ]


def _reserved(aws: Aws, function: str) -> int:
    try:
        answer = aws.functions.get_function_concurrency(FunctionName=function)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return 0
    return int(answer.get("ReservedConcurrentExecutions", 0))
