"""The internal error of parsers of untrusted files."""

from __future__ import annotations


class Refused(Exception):
    """A parser refuses a file. Callers turn it into `InvalidInput` with a message for the user."""
