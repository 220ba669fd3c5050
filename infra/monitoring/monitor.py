"""Everything that watches a stage, put there and taken away in one call each."""

from dataclasses import dataclass, replace

from infra.change import Change
from infra.monitoring.alarm import delete_alarms, ensure_alarms
from infra.monitoring.alarms import Watched, stage_alarms
from infra.monitoring.budget import Budget, delete_budget, ensure_budget
from infra.monitoring.dashboard import dashboard, delete_dashboard, ensure_dashboard
from infra.monitoring.log_retention import delete_group, endpoint_log_group, ensure_retention
from infra.monitoring.topic import delete_topic, ensure_topic, topic_arn
from infra.session import Watchers


@dataclass(frozen=True)
class Mail:
    """Who is told, and from how many dollars a month on."""

    email: str
    monthly_dollars: float


def ensure_watch(
    watchers: Watchers, watched: Watched, *, retention_days: int, mail: Mail | None = None
) -> list[Change]:
    """Put alarms, dashboard, log retention and, with an address, topic and budget there; unchanged where they are."""
    changes = [
        ensure_retention(watchers.logs, group, retention_days) for group in log_groups(watched)
    ]
    arn = topic_arn(watched.name, watchers.region, watchers.account)
    if mail is not None:
        changes += ensure_topic(watchers.sns, arn, mail.email)
        budget = Budget(watched.name, mail.monthly_dollars, mail.email)
        changes.append(ensure_budget(watchers.budgets, watchers.account, budget))
    changes += ensure_alarms(watchers.cloudwatch, stage_alarms(watched), arn if mail else None)
    changes += [
        gone
        for gone in delete_alarms(watchers.cloudwatch, surplus(watched))
        if gone.outcome == "deleted"
    ]
    body = dashboard(watched, watchers.region, watchers.account)
    return [*changes, ensure_dashboard(watchers.cloudwatch, watched.name, body)]


def remove_watch(watchers: Watchers, watched: Watched) -> list[Change]:
    """Take all of it away, the endpoint's log too. The Lambdas' logs belong to their stacks."""
    names = [alarm.name for alarm in stage_alarms(watched)] + surplus(watched)
    return [
        *delete_alarms(watchers.cloudwatch, names),
        delete_dashboard(watchers.cloudwatch, watched.name),
        delete_topic(watchers.sns, topic_arn(watched.name, watchers.region, watchers.account)),
        delete_budget(watchers.budgets, watchers.account, watched.name),
        *[delete_group(watchers.logs, group) for group in log_groups(watched)],
    ]


def log_groups(watched: Watched) -> list[str]:
    """List the log groups that SageMaker would make without an end: the endpoint's and its candidate's."""
    return [
        endpoint_log_group(name) for name in (watched.endpoint, f"{watched.endpoint}-candidate")
    ]


def surplus(watched: Watched) -> list[str]:
    """Name the alarms that an endpoint with instances needs and this one does not: it may have had some."""
    needed = {alarm.name for alarm in stage_alarms(watched)}
    return [
        alarm.name
        for alarm in stage_alarms(replace(watched, instances=True))
        if alarm.name not in needed
    ]
