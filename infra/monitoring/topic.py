"""The SNS topic through which alarms reach people by mail."""

from typing import Any

from botocore.exceptions import ClientError

from infra.change import Change, error_code


def topic_arn(name: str, region: str, account: str) -> str:
    """Say the ARN of the alarms' topic of a stage."""
    return f"arn:aws:sns:{region}:{account}:{name}-alarms"


def ensure_topic(sns: Any, arn: str, email: str) -> list[Change]:
    """Make the topic and write to this address; AWS asks its owner first, by mail."""
    made = Change(f"topic {arn}", "unchanged" if is_there(sns, arn) else "created")
    if made.outcome == "created":
        sns.create_topic(Name=arn.rsplit(":", maxsplit=1)[1])
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    if email in [
        subscription["Endpoint"] for page in pages for subscription in page["Subscriptions"]
    ]:
        return [made, Change(f"subscription of {email}", "unchanged")]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=email)
    return [made, Change(f"subscription of {email}", "created")]


def is_there(sns: Any, arn: str) -> bool:
    """Tell whether the topic is there."""
    try:
        sns.get_topic_attributes(TopicArn=arn)
    except ClientError as error:
        if error_code(error) in {"NotFound", "NotFoundException"}:
            return False
        raise
    return True


def delete_topic(sns: Any, arn: str) -> Change:
    """Delete the topic with its subscriptions."""
    there = is_there(sns, arn)
    if there:
        sns.delete_topic(TopicArn=arn)
    return Change(f"topic {arn}", "deleted" if there else "absent")
