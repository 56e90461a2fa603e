"""How a parser of foreign files says no: short inside, in the project's one wording to a user."""

from __future__ import annotations


class Refused(Exception):
    """What a parser says inside; a user gets `InvalidInput`."""
