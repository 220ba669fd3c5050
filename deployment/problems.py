"""What can go wrong between here and AWS, as one sentence each."""


class DeployError(Exception):
    """A step cannot be done; the text is one sentence for the person who ran it."""
