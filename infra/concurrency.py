"""How many Lambdas may run at once: the cap of config.json, if the account has room for it."""

from dataclasses import replace

from botocore.exceptions import ClientError

from infra.change import error_code
from infra.config import Settings
from infra.session import Account

# AWS keeps so many for the functions that reserve none.
LEFT_FOR_OTHERS = 100


def fit(account: Account, settings: Settings) -> Settings:
    """Drop the cap where the account is too small for it.

    A new account often has 10 concurrent Lambdas in all, which is a cap by itself.
    """
    limits = account.functions.get_account_settings()["AccountLimit"]
    ours = sum(
        _reserved(account, name) for name in (settings.function, settings.spectrogram_function)
    )
    room = limits["UnreservedConcurrentExecutions"] + ours - LEFT_FOR_OTHERS
    if 2 * settings.reserved_concurrency <= room:
        return settings
    return replace(settings, reserved_concurrency=0)


def note(settings: Settings, fitted: Settings) -> list[str]:
    """Return the sentence that the cap was dropped, if it was."""
    if settings == fitted:
        return []
    return [
        "The account's limit of concurrent Lambdas is too low to set "
        f"{settings.reserved_concurrency} aside for each function: the account's own limit is the "
        "cap. Ask for 1,000 under Service Quotas, then deploy again."
    ]


def _reserved(account: Account, function: str) -> int:
    try:
        answer = account.functions.get_function_concurrency(FunctionName=function)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return 0
    return int(answer.get("ReservedConcurrentExecutions", 0))
