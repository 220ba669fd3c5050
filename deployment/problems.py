"""What can go wrong between here and AWS, as one sentence each."""

import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from operation.sentences import explain


class DeployError(Exception):
    """A step cannot be done; the text is one sentence for the person who ran it."""


def in_a_sentence(work: Callable[[], object]) -> int:
    """Do the work of a script and return its exit status; what goes wrong is one sentence, not a traceback."""
    try:
        work()
    except (DeployError, ClientError, BotoCoreError) as error:
        sys.stderr.write(f"{explain(error)}\n")
        return 1
    return 0
