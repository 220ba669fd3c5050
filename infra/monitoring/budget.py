"""A monthly budget of the whole account: a mail at 80 % spent, another when the forecast says 100 %.

AWS Budgets cannot be kept to one product without tags that are switched on by hand, so it counts the account.
"""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.change import Change, delete_if_there, error_code

SPENT_PERCENT = 80.0
FORECAST_PERCENT = 100.0


@dataclass(frozen=True)
class Budget:
    """A limit in US dollars a month, and who gets the mail."""

    name: str
    dollars: float
    email: str

    def limit(self) -> dict[str, str]:
        """Say the limit as AWS does."""
        return {"Amount": f"{self.dollars:.2f}", "Unit": "USD"}

    def description(self) -> dict[str, Any]:
        """Say it as AWS does."""
        return {
            "BudgetName": self.name,
            "BudgetLimit": self.limit(),
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        }

    def notifications(self) -> list[dict[str, Any]]:
        """List both mails."""
        kinds = (("ACTUAL", SPENT_PERCENT), ("FORECASTED", FORECAST_PERCENT))
        return [
            {
                "NotificationType": kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": percent,
                "ThresholdType": "PERCENTAGE",
            }
            for kind, percent in kinds
        ]


def ensure_budget(budgets: Any, account: str, budget: Budget) -> Change:
    """Make the budget; a changed limit or address makes it anew, which forgets nothing: AWS counts the bill."""
    resource = f"budget {budget.name}"
    standing = find_budget(budgets, account, budget.name)
    if standing and is_same(budgets, account, budget, standing):
        return Change(resource, "unchanged")
    if standing:
        budgets.delete_budget(AccountId=account, BudgetName=budget.name)
    subscribers = [{"SubscriptionType": "EMAIL", "Address": budget.email}]
    mails = [{"Notification": mail, "Subscribers": subscribers} for mail in budget.notifications()]
    budgets.create_budget(
        AccountId=account, Budget=budget.description(), NotificationsWithSubscribers=mails
    )
    return Change(resource, "updated" if standing else "created")


def find_budget(budgets: Any, account: str, name: str) -> dict[str, Any] | None:
    """Describe a budget, None where there is none."""
    try:
        found: dict[str, Any] = budgets.describe_budget(AccountId=account, BudgetName=name)[
            "Budget"
        ]
    except ClientError as error:
        if error_code(error) == "NotFoundException":
            return None
        raise
    return found


def is_same(budgets: Any, account: str, budget: Budget, standing: dict[str, Any]) -> bool:
    """Tell whether limit and addresses are as wanted."""
    if float(standing["BudgetLimit"]["Amount"]) != float(budget.limit()["Amount"]):
        return False
    answers = [
        budgets.describe_subscribers_for_notification(
            AccountId=account, BudgetName=budget.name, Notification=mail
        )
        for mail in budget.notifications()
    ]
    return all(
        [subscriber["Address"] for subscriber in answer["Subscribers"]] == [budget.email]
        for answer in answers
    )


def delete_budget(budgets: Any, account: str, name: str) -> Change:
    """Delete a budget."""
    missing = ("NotFoundException",)
    return delete_if_there(
        f"budget {name}", budgets.delete_budget, missing=missing, AccountId=account, BudgetName=name
    )
