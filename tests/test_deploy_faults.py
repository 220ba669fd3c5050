"""Each AWS call of a deploy fails once: the next run goes on, and nothing is done twice.

One process; ministack and moto's server answer on loopback, aws_gaps.py where moto has nothing to
answer. A call fails before AWS hears of it, or (late) after AWS has done it. The packages are a few
bytes: what is in them is not what is tested here. The stage is prod, with CloudFront and mail.
"""

import json
from collections import Counter
from dataclasses import replace

import aws_gaps
import pytest
import served
import stack_aws
from endpoint_account import play_functions
from tiny_saved_model import SETTINGS

import deploy
from infra import config, hosting, session, stage, status
from infra.endpoint.model import CheckedModel
from infra.endpoint.presets import PRESETS
from infra.endpoint.smoke_clip import make_clip
from infra.errors import DeployError
from infra.packages import bundles, zips
from infra.site import publish
from infra.site.assets import make_assets

CLIP = make_clip()
REFERENCE = {
    "labels": ["Turdus merula", "Parus major"],
    "names": ["Common Blackbird", "Great Tit"],
    "settings": json.dumps({"version": "1"} | SETTINGS),
    "probabilities": [[0.7, 0.1]] * len(CLIP.windows),
    "bird": [0.9] * len(CLIP.windows),
}
LATE = pytest.mark.parametrize(
    "late", [False, True], ids=["before AWS hears of it", "after AWS has done it"]
)


class Emulators:
    """Both emulators, an account's clients in them, and every change that AWS has carried out."""

    def __init__(self, account, variables):
        self.account = account
        self.variables = variables
        self.done = Counter()
        for client in account.clients():
            client.meta.events.register_first("after-call", self._count)
        # Later, so that a call that is struck when AWS has done it is counted.
        self.lightning = aws_gaps.Lightning(*account.clients())

    def _count(self, model, context, http_response, **_):
        if http_response.status_code < 300 and not model.name.startswith(aws_gaps.READS):
            self.done[f"{model.name} {context['parameters']}"] += 1

    def reset(self):
        """Empty the account."""
        self.done.clear()
        self.lightning.aim(0, late=False)
        stack_aws.reset(self.variables)


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """What `up` is given: real templates, tiny packages, a model that was checked."""
    chosen = config.load("prod", alarm_email="birds@example.org")
    application = bundles.build_application(chosen)
    folder = tmp_path_factory.mktemp("packages")
    small, code, layer = (
        zips.pack(folder, name, {f"{name}.py": b""}) for name in ("spectrogram", "code", "layer")
    )
    application = replace(application, code=code, layer=layer)
    return stage.Ready(
        chosen, small, application, CheckedModel(b"model", CLIP, REFERENCE), PRESETS["requests"]
    )


@pytest.fixture(scope="module")
def aws(emulated, ready, tmp_path_factory):
    """An account in both emulators."""
    with served.serving(REFERENCE) as (_, endpoint), pytest.MonkeyPatch.context() as patch:
        # Two files of the page are enough: each is put there by the same calls.
        patch.setattr(
            publish, "make_assets", lambda *given, **chosen: make_assets(*given, **chosen)[:2]
        )
        patch.setattr(publish, "listen_files", dict)
        patch.setattr(stage, "prepare", lambda _, fitted, **__: replace(ready, settings=fitted))
        patch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", endpoint)
        play_functions(patch, tmp_path_factory.mktemp("functions"), ready.model)
        account = session.connect(ready.settings.region, poll_seconds=0.01)
        yield Emulators(account, emulated)


def up(aws, ready):
    """What `make deploy` does, but for building and checking: all its AWS calls."""
    return lambda: stage.deploy(aws.account, ready.settings, stage.Request())


def down(aws, ready):
    """What `make destroy` does."""
    return lambda: stage.down(aws.account, ready.settings)


def outcomes(run):
    """What became of each part."""
    return {change.outcome for change in run()}


def operations(done):
    """How often each operation was carried out; parameters hold ids, new after each reset."""
    return Counter(call.split()[0] for call in done.elements())


def test_a_second_run_changes_nothing(aws, ready):
    aws.reset()
    assert outcomes(up(aws, ready)) == {"created"}
    aws.done.clear()
    assert outcomes(up(aws, ready)) == {"unchanged"}
    assert aws.done == {}


def test_nothing_exists_after_down(aws, ready):
    aws.reset()
    list(up(aws, ready)())
    assert len(status.list_existing(aws.account, ready.settings)) >= 8
    list(down(aws, ready)())
    assert status.list_existing(aws.account, ready.settings) == []
    assert outcomes(down(aws, ready)) == {"absent"}


@pytest.mark.parametrize("preset", ["serverless", "lambda"])
def test_a_stage_without_machines_is_made_once_and_deleted(aws, ready, preset):
    aws.reset()
    chosen = replace(ready, preset=PRESETS[preset])
    assert outcomes(lambda: stage.up(aws.account, chosen)) == {"created"}
    assert outcomes(lambda: stage.up(aws.account, chosen)) == {"unchanged"}
    list(down(aws, ready)())
    assert status.list_existing(aws.account, ready.settings) == []


def test_a_stage_moves_to_a_lambda_and_back_and_pays_for_one_of_both(aws, ready):
    aws.reset()
    list(up(aws, ready)())
    for preset, variable in (("lambda", "CLASSIFIER_FUNCTION"), ("requests", "ENDPOINT_NAME")):
        list(stage.up(aws.account, replace(ready, preset=PRESETS[preset])))
        existing = " ".join(status.list_existing(aws.account, ready.settings))
        assert ("bird-classifier-prod-function:" in existing) == (preset == "lambda")
        assert ("endpoint bird-classifier-prod:" in existing) == (preset == "requests")
        main = aws.account.functions.get_function_configuration(FunctionName="birdapp-prod")
        names = set(main["Environment"]["Variables"])
        assert names & {"CLASSIFIER_FUNCTION", "ENDPOINT_NAME"} == {variable}
        assert hosting.find_deployed(aws.account, ready.settings).preset.name == preset


def test_a_second_region_takes_nothing_over_from_the_first(aws, ready):
    aws.reset()
    list(up(aws, ready)())
    settings = replace(ready.settings, region="us-east-1")
    account = session.connect("us-east-1", poll_seconds=0.01)
    there = replace(ready, settings=settings)
    assert outcomes(lambda: stage.up(account, there)) == {"created"}
    list(stage.down(account, settings))
    aws.done.clear()
    assert outcomes(up(aws, ready)) == {"unchanged"}


def test_after_any_call_of_up_failed_unheard_the_next_run_goes_on(aws, ready):
    """Each run goes until a call that never failed before, and leaves what was before it."""
    aws.reset()
    aws.lightning.aim_at_each(late=False)
    while aws.lightning.strikes(up(aws, ready)):
        assert len(aws.lightning.struck) < 200
    assert len(aws.lightning.struck) > 40
    assert set(aws.done.values()) == {1}
    assert outcomes(up(aws, ready)) == {"unchanged"}


def test_after_any_change_that_was_done_but_not_heard_of_the_second_run_finishes(aws, ready):
    """These are all the states in which a failure can leave the account."""
    aws.reset()
    aws.lightning.aim(0, late=True)
    list(up(aws, ready)())
    names, wanted = aws.lightning.seen, operations(aws.done)
    for number in [
        number for number, name in enumerate(names, 1) if not name.startswith(aws_gaps.READS)
    ]:
        aws.reset()
        aws.lightning.aim(number, late=True)
        assert aws.lightning.strikes(up(aws, ready))
        list(up(aws, ready)())
        assert set(aws.done.values()) == {1}, f"after call {number} failed"
        assert operations(aws.done) == wanted, f"after call {number} failed"


@LATE
def test_a_down_that_fails_at_every_call_leaves_nothing_in_the_end(aws, ready, late):
    aws.reset()
    list(up(aws, ready)())
    aws.lightning.aim_at_each(late)
    while aws.lightning.strikes(down(aws, ready)):
        assert len(aws.lightning.struck) < 200
    assert len(aws.lightning.struck) > 10
    assert status.list_existing(aws.account, ready.settings) == []


def test_a_site_that_fails_leaves_an_api_that_is_watched(aws, ready, monkeypatch):
    """It comes last; alarms, dashboard and budget come before all that costs."""
    aws.reset()

    def refuse(*_):
        raise DeployError("Your account must be verified before you can add new CloudFront.")

    monkeypatch.setattr(publish, "publish", refuse)
    with pytest.raises(DeployError, match="The API is up and watched, the page is not"):
        list(up(aws, ready)())
    existing = status.list_existing(aws.account, ready.settings)
    for stack in ("birdapp-prod-monitoring", "birdapp-prod-api"):
        assert f"stack {stack}: CREATE_COMPLETE" in existing
    assert stage.stacks(ready.settings)[1] == "birdapp-prod-monitoring"
    assert stage.stacks(ready.settings)[-1] == "birdapp-prod-site"


def test_a_deploy_that_fails_half_way_says_why_and_what_exists(aws, monkeypatch, capsys):
    aws.reset()
    aws.lightning.aim(30, late=False)
    monkeypatch.setattr(session, "connect", lambda *_: aws.account)
    assert deploy.main(["deploy", "--stage", "prod", "--no-mail"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("AWS refused ")
    assert said.err.endswith("Run this again to go on from here, or `make destroy` to delete it.\n")
    assert "stack bird-spectrogram-prod-function: CREATE_COMPLETE" in said.out
