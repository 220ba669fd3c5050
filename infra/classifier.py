"""The model in a Lambda: a version of it for each model, and the alias that the main one calls.

A new version is asked by its number while the alias still calls the old one. Then CloudFormation
moves the alias, looks at the alarms for a while, and takes it back if one fires.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.alarms import classifier_alarms
from infra.change import Change
from infra.cloudformation import StackChange, delete_stack, ensure_stack, outputs, settle
from infra.config import Settings
from infra.endpoint.checks import Clip
from infra.endpoint.deploy import Deployed
from infra.endpoint.model import CheckedModel
from infra.endpoint.model_archive import contents
from infra.endpoint.presets import PRESETS, Function
from infra.endpoint.smoke_test import ask_function
from infra.errors import EXPECTED, DeployError, open_sentence
from infra.packages.bundles import build_classifier
from infra.s3 import upload_once
from infra.session import Account
from infra.stacks.functions import (
    Version,
    Versions,
    classifier,
    classifier_stack,
    read_versions,
)
from infra.stacks.resources import ALIAS

PRESET = PRESETS["lambda"]


def find_deployed(account: Account, settings: Settings) -> Deployed | None:
    """Return the model that the alias calls; None where there is no such Lambda."""
    versions = find_versions(account, settings)
    if versions is None:
        return None
    bucket = settings.bucket(account.account_id)
    return Deployed(f"s3://{bucket}/{versions.live.model}", PRESET)


def find_versions(account: Account, settings: Settings) -> Versions | None:
    stack = settle(account, classifier_stack(settings))
    found = outputs(stack) if stack else {}
    return read_versions(found) if "Live" in found else None


def deploy(
    account: Account, settings: Settings, hosting: Function, model: CheckedModel
) -> Iterator[Change]:
    """Let the alias call this model, whatever it calls now. Safe to run again after any failure.

    Bucket and topic are there already (infra/stacks/foundation.py). Raises DeployError when the
    model may not serve: an old one then serves on, a first one is deleted.
    """
    bucket = settings.bucket(account.account_id)
    package = build_classifier(settings.python, contents(model.archive))
    yield upload_once(account, bucket, model.key, model.archive)
    yield upload_once(account, bucket, package.key, package.path.read_bytes())
    rollout = Rollout(account, settings, hosting)
    yield rollout.bring(Version.of(settings, hosting, package.key, model.key), model)


def roll_back(account: Account, settings: Settings, clip: Clip) -> Change:
    """Return to the version before the current one; the same again goes forward.

    It looks at no alarm: one may be what made the operator go back, and would stop the update.
    Raises DeployError where there is no version before.
    """
    versions = find_versions(account, settings)
    if versions is None or versions.before is None:
        raise DeployError(f"Function {settings.endpoint} has no earlier model to go back to.")
    hosting = PRESET.hosting
    if not isinstance(hosting, Function):
        raise TypeError(f"{PRESET.name} is no Lambda")
    rollout = Rollout(account, settings, hosting)
    change = rollout.ensure(Versions(versions.before, versions.live))
    ask_function(account, rollout.alias, clip, None)
    return change


def destroy(account: Account, settings: Settings) -> Change:
    return delete_stack(account, classifier_stack(settings))


class Rollout:
    """One stage's classifier, brought from one model to another."""

    def __init__(self, account: Account, settings: Settings, hosting: Function) -> None:
        self.account, self.settings, self.hosting = account, settings, hosting
        self.alias = f"{settings.endpoint}:{ALIAS}"

    def bring(self, new: Version, model: CheckedModel) -> StackChange:
        versions = find_versions(self.account, self.settings)
        if versions is None:
            return self._start(new, model)
        if versions.live == new:
            change = self.ensure(Versions(new, versions.before))
            ask_function(self.account, self.alias, model.clip, model.reference)
            return change
        return self._replace(Versions(versions.live, versions.before), new, model)

    def ensure(self, versions: Versions, *alarms: str) -> StackChange:
        bucket = self.settings.bucket(self.account.account_id)
        template = classifier(self.settings, self.hosting, bucket, versions)
        return ensure_stack(self.account, classifier_stack(self.settings), template, alarms=alarms)

    def _start(self, new: Version, model: CheckedModel) -> StackChange:
        """Make the function; delete it where the model does not answer as it did here."""
        change = self.ensure(Versions(new))
        try:
            ask_function(self.account, self.alias, model.clip, model.reference)
        except DeployError as error:
            destroy(self.account, self.settings)
            raise DeployError(f"{open_sentence(error)}; it was deleted.") from error
        return change

    def _replace(self, old: Versions, new: Version, model: CheckedModel) -> StackChange:
        """Ask the new version by its number, then let the alias call it."""
        tried = self.ensure(Versions(old.live, old.before, new))
        number = f"{self.settings.endpoint}:{tried.outputs['TrialNumber']}"
        try:
            ask_function(self.account, number, model.clip, model.reference)
        except DeployError as error:
            self.ensure(old)
            raise DeployError(f"{open_sentence(error)}; the model before serves on.") from error
        alarms = [alarm.name for alarm in classifier_alarms(self.settings.endpoint)]
        change = self.ensure(Versions(new, old.live), *alarms)
        try:
            ask_function(self.account, self.alias, model.clip, model.reference)
        except EXPECTED as error:
            self.ensure(Versions(old.live, new))
            raise DeployError(f"{open_sentence(error)}; the model before serves again.") from error
        return change
