"""The few kinds of errors that a person can meet, all in one wording."""

from __future__ import annotations


class StudioError(Exception):
    """A problem that a person can act on: the message says what to do next."""


class InvalidInput(StudioError):
    """A picture, file or setting that cannot be taken as it is."""


class Unavailable(StudioError):
    """Something the studio needs is not here: weights, a network, a worker."""


class NoRoom(StudioError):
    """The disk or the memory is not large enough."""


class Cancelled(Exception):
    """Raised by `Progress` when a person asked to stop; a task catches it and returns its best so far."""


def invalid(name: str, *, expected: str, received: object, next_step: str) -> InvalidInput:
    """The error for a bad argument, in the project's one wording.

    Args:
        name: what is wrong, in the words of the page or the flag.
        expected: what would have been right.
        received: what came instead; shortened to 200 characters.
        next_step: what the person can do about it.
    """
    shown = printable(str(received), 200)
    return InvalidInput(f"Invalid {name}. Expected: {expected}. Received: {shown}. Next: {next_step}.")


def printable(text: str, limit: int = 200) -> str:
    """`text` without control characters (a file name may hold terminal codes), at most `limit` characters."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
