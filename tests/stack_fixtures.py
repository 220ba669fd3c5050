"""Fixtures: ministack and moto's server, started once for all tests of a worker."""

import pytest
import stack_aws

# Nothing listens there: the Lambdas of these tests ask no endpoint.
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="session")
def emulators(tmp_path_factory):
    """The variables that lead to both."""
    with stack_aws.emulators(tmp_path_factory.mktemp("emulators"), NOBODY) as variables:
        yield variables


@pytest.fixture(scope="module")
def emulated(emulators):
    """The emulators without anything in them; the environment of this process leads there."""
    stack_aws.reset(emulators)
    with pytest.MonkeyPatch.context() as patch:
        stack_aws.lead(patch, emulators)
        yield emulators
