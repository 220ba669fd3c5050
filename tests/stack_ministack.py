"""ministack with what its CloudFormation lacks: budgets, and buckets that must be empty.

Runs in ministack's own environment (requirements-stack.txt), by its path.
"""

from ministack.app import main
from ministack.services import budgets, s3
from ministack.services.cloudformation import provisioners

BUDGET, BUCKET = "AWS::Budgets::Budget", "AWS::S3::Bucket"
delete_bucket = provisioners._RESOURCE_HANDLERS[BUCKET]["delete"]


def create_budget(logical_id, properties, stack):
    """Create it as the API does, which takes amounts as texts."""
    budget = dict(properties["Budget"])
    limit = budget["BudgetLimit"]
    budget["BudgetLimit"] = limit | {"Amount": str(limit["Amount"])}
    mails = properties["NotificationsWithSubscribers"]
    request = {"Budget": budget, "NotificationsWithSubscribers": mails}
    status, *answer = budgets._create_budget(request)
    if status != 200:
        raise ValueError(f"{logical_id}: {answer}")
    return budget["BudgetName"], {}


def update_budget(physical_id, old, new, stack):
    """Replace it: its name changes with the mails, as AWS wants."""
    delete_budget(physical_id, old)
    return create_budget(physical_id, new, stack)


def delete_budget(physical_id, properties):
    """Delete it."""
    budgets._delete_budget({"BudgetName": physical_id})


def delete_empty_bucket(physical_id, properties):
    """Refuse a bucket that holds anything, as AWS does."""
    if s3._buckets.get(physical_id, {}).get("objects"):
        raise ValueError("The bucket you tried to delete is not empty")
    delete_bucket(physical_id, properties)


if __name__ == "__main__":
    provisioners._RESOURCE_HANDLERS[BUDGET] = {
        "create": create_budget,
        "update": update_budget,
        "delete": delete_budget,
    }
    provisioners._RESOURCE_HANDLERS[BUCKET]["delete"] = delete_empty_bucket
    main()
