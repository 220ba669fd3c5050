"""Chalice's command line for ministack, which answers a minimumCompressionSize of "" where AWS leaves it out."""

import sys

import botocore.parsers
from chalice.cli import main

PARSER = botocore.parsers.RestJSONParser
integer = PARSER._handle_integer


def lenient(parser, shape, value):
    """Read an integer; "" is 0."""
    return 0 if value == "" else integer(parser, shape, value)


if __name__ == "__main__":
    PARSER._handle_integer = lenient
    sys.exit(main())
