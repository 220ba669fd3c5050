"""Every CloudFormation template for every stage and variant, through cfn-lint; part of make check.

    PYTHONPATH=. .venv/bin/python tests/lint_templates.py

The API's is expanded by AWS's SAM translator first, as CloudFormation does it. The exit status is 0
where nothing is found.
"""

import json
import logging
import sys
from itertools import product
from typing import get_args

import packaged
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner

from infra import config
from infra.alarms import Kind
from infra.stacks.site import MODES

MAIL = {"alarm_email": "birds@example.org"}
WARM = {"provisioned_concurrency": 1, "spectrogram_provisioned_concurrency": 1}
FUNCTION_VARIANTS = ({}, {"xray": True}, WARM | {"reserved_concurrency": 0})


def templates():
    """Yield (what it is, the template)."""
    for stage, changed in product(config.read_config()["stages"], FUNCTION_VARIANTS):
        yield f"api {stage} {changed}", packaged.api(stage, **changed)
        yield f"spectrogram {stage} {changed}", packaged.spectrogram(stage, **changed)
        yield f"classifier {stage} {changed}", packaged.classifier(stage, **changed)
    for stage, changed in product(config.read_config()["stages"], ({}, MAIL)):
        yield f"foundation {stage} {changed}", packaged.foundation(stage, **changed)
        for kind in get_args(Kind):
            what = f"monitoring {stage} {changed} {kind}"
            yield what, packaged.monitoring(stage, kind=kind, **changed)
    for mode in MODES:
        yield f"site {mode}", packaged.site(mode)


def main():
    """Print each finding and how many templates there are; return the exit status."""
    # The translator complains that nobody collects its statistics.
    logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)
    region = config.load("dev").region
    # One for all: reading the rules takes longer than keeping them.
    runner = Runner(ConfigMixIn(regions=[region]))
    found, count = [], 0
    for what, template in templates():
        count += 1
        decoded, errors = decode_str(json.dumps(template))
        matches = errors or runner.validate_template(decoded)
        found += [f"{what}: {match}" for match in matches]
    print(*found, f"{count} templates, {len(found)} findings", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
