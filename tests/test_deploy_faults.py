"""Each AWS call of a deploy fails once: the second run finishes the job, and nothing is done twice.

One process; ministack and moto's server answer on loopback. A call fails before AWS hears of it, or (late) after AWS
has done it. The packages are a few bytes: what is in them is not what is tested here.
"""

import json
import os
from collections import Counter
from dataclasses import replace
from urllib.request import Request, urlopen

import aws_gaps
import pytest
import served
import stack_aws

from deployment import archives, everything, project, settings, standing
from deployment.account import open_account
from endpoint.clip import made_clip
from endpoint.model import CheckedModel
from endpoint.presets import PRESETS
from frontend import publish
from frontend.publishing.assets import make_assets

CLIP = made_clip()
REFERENCE = {
    "labels": ["Turdus merula", "Parus major"],
    "names": ["Common Blackbird", "Great Tit"],
    "settings": json.dumps({"version": "1", "thresholds": {}, "pooling": {}}),
    "probabilities": [[0.7, 0.1]] * len(CLIP.windows),
    "bird": [0.9] * len(CLIP.windows),
}
READS = ("Describe", "Get", "Head", "List", "Invoke")


class Emulators:
    """Both emulators, the clients of an account in them, and every call that AWS has carried out."""

    def __init__(self, account, urls):
        self.account = account
        self.urls = urls
        self.done = Counter()
        for client in account.clients():
            client.meta.events.register_first("before-parameter-build", self._note)
            client.meta.events.register_first("after-call", self._count)
        # Later, so that a call that is struck when AWS has done it is counted.
        self.lightning = aws_gaps.Lightning(*account.clients())

    def _note(self, params, context, **_):
        context["parameters"] = {name: value for name, value in params.items() if name != "Body"}

    def _count(self, model, context, http_response, **_):
        if http_response.status_code < 300 and not model.name.startswith(READS):
            self.done[f"{model.name} {json.dumps(context['parameters'], sort_keys=True, default=str)}"] += 1

    def reset(self):
        """Empty the account."""
        self.done.clear()
        self.lightning.aim(0, late=False)
        for url in self.urls:
            urlopen(Request(url, method="POST")).close()

    def strike(self, number, run, *, late):
        """Run with call `number` failing; tells whether there was such a call."""
        self.lightning.aim(number, late=late)
        try:
            list(run())
        except ConnectionError:
            return True
        finally:
            self.lightning.aim(0, late=False)
        return False


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """What `up` is given: real templates, tiny packages, a model that was checked."""
    chosen = settings.load("dev", alarm_email="birds@example.org")
    application = project.build(chosen)
    small = archives.pack(tmp_path_factory.mktemp("packages"), "package", {"handler.py": b""})
    application = replace(application, code=small, layer=small)
    return everything.Ready(chosen, small, application, CheckedModel(b"model", CLIP, REFERENCE), PRESETS["requests"])


@pytest.fixture(scope="module")
def emulators(tmp_path_factory, ready):
    """An account in both emulators."""
    folder = tmp_path_factory.mktemp("emulators")
    with (
        served.serving(REFERENCE) as (_, endpoint),
        stack_aws.emulators(folder, endpoint) as environment,
        pytest.MonkeyPatch.context() as patch,
    ):
        # Two files of the page stand for all: each is uploaded by the same two calls.
        patch.setattr(publish, "make_assets", lambda *given, **chosen: make_assets(*given, **chosen)[:2])
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in environment.items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        account = open_account(ready.settings, poll_seconds=0.01)
        resets = {environment[f"AWS_ENDPOINT_URL_{name}"] + path for name, path in stack_aws.RESETS.items()}
        yield Emulators(account, resets)


def outcomes(changes):
    return {change.outcome for change in changes}


def operations(done):
    """How often each operation was carried out. (Parameters hold the API's id, which is another after each reset.)"""
    return Counter(call.split()[0] for call in done.elements())


def test_a_second_run_changes_nothing(emulators, ready):
    emulators.reset()
    assert outcomes(everything.up(emulators.account, ready)) >= {"created"}
    emulators.done.clear()
    assert outcomes(everything.up(emulators.account, ready)) == {"unchanged"}
    assert emulators.done == {}


def test_nothing_stands_after_down(emulators, ready):
    emulators.reset()
    list(everything.up(emulators.account, ready))
    assert len(standing.list_standing(emulators.account, ready.settings)) >= 8
    list(everything.down(emulators.account, ready.settings))
    assert standing.list_standing(emulators.account, ready.settings) == []
    assert outcomes(everything.down(emulators.account, ready.settings)) <= {"absent"}


def struck_calls(emulators, ready, late):
    """The numbers of the calls to strike: all of them; late only those that change something, for a read is a read."""
    emulators.reset()
    emulators.lightning.aim(0, late=late)
    list(everything.up(emulators.account, ready))
    names = emulators.lightning.seen
    assert len(names) > 60
    return [number for number, name in enumerate(names, 1) if not (late and name.startswith(READS))]


@pytest.mark.parametrize("late", [False, True], ids=["before AWS hears of it", "after AWS has done it"])
def test_after_any_call_of_up_failed_once_a_second_run_finishes_and_does_nothing_twice(emulators, ready, late):
    numbers = struck_calls(emulators, ready, late)
    wanted = operations(emulators.done)
    for number in numbers:
        emulators.reset()
        assert emulators.strike(number, lambda: everything.up(emulators.account, ready), late=late)
        list(everything.up(emulators.account, ready))
        assert set(emulators.done.values()) == {1}, f"after call {number} failed"
        assert operations(emulators.done) == wanted, f"after call {number} failed"


@pytest.mark.parametrize("late", [False, True], ids=["before AWS hears of it", "after AWS has done it"])
def test_a_down_that_fails_again_and_again_leaves_nothing_in_the_end(emulators, ready, late):
    emulators.reset()
    list(everything.up(emulators.account, ready))
    number = 1
    while emulators.strike(number, lambda: everything.down(emulators.account, ready.settings), late=late):
        number += 1
    assert number > 20
    assert standing.list_standing(emulators.account, ready.settings) == []
