"""What deploy.py does: bring a stage up, take it down, or list what either would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra import concurrency, cost, cost_ceiling, stage
from infra.endpoint.deploy import SHIPPED_MODEL, choose_preset, find_deployed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.config import Settings
    from infra.session import Account


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    Without a model or preset the deployed one stays, at first the shipped and the default one.
    Without a clip one is made; `expect` is the label that must come first for it.
    """

    model: str | None = None
    preset: str | None = None
    clip: Path | None = None
    expect: str | None = None


def deploy(account: Account, settings: Settings, request: Request) -> Iterator[object]:
    """Bring everything up; yield a line for each thing that was done. Safe to run again."""
    # It brings numpy and scipy, which a dry run does without.
    from infra.endpoint.smoke_clip import read_or_make_clip  # noqa: PLC0415

    fitted = concurrency.fit(account, settings)
    yield from concurrency.note(settings, fitted)
    clip = read_or_make_clip(request.clip, request.expect)
    deployed = find_deployed(account.sagemaker, settings.endpoint)
    model = request.model or (deployed.model if deployed else SHIPPED_MODEL)
    preset = choose_preset(request.preset, deployed)
    ready = stage.prepare(account, fitted, model=model, clip=clip, preset=preset)
    yield from stage.up(account, ready)


def destroy(account: Account, settings: Settings) -> Iterator[object]:
    """Take everything down; yield a line for each thing that was deleted. Safe to run again."""
    yield from stage.down(account, settings)


def dry_run(action: str, settings: Settings, preset_name: str | None) -> Iterator[str]:
    """Yield what a deploy or destroy of a stage would make or delete, and the price. No AWS."""
    preset = choose_preset(preset_name, None)
    done = "deleted" if action == "destroy" else "made"
    yield f"Stage {settings.stage} in {settings.region} would be {done}:"
    yield from (f"  {resource}" for resource in stage.resources(settings, preset))
    if action != "destroy":
        yield from cost.lines(settings, preset.hosting)
        yield from cost_ceiling.lines(settings, preset)
