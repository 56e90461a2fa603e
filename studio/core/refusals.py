"""How a parser of foreign files says no: short inside, in the project's one wording to a person."""

from __future__ import annotations

from collections.abc import Callable

from studio.core.errors import InvalidInput, invalid


class Refused(Exception):
    """What a parser says inside; a person gets `InvalidInput`."""


def safely(parse: Callable[[], dict], name: str) -> dict:
    """What `parse` gives; whatever it raises is an `InvalidInput` about the file `name`."""
    try:
        return parse()
    except InvalidInput:
        raise
    except Exception as error:  # damaged files raise nearly anything
        reason = str(error) if isinstance(error, Refused) else f"a damaged file ({type(error).__name__})"
        raise invalid(
            name, expected="a checkpoint of plain arrays", received=reason, next_step="fetch it again"
        ) from None


def shape(sizes: object) -> tuple[int, ...]:
    """`sizes` if they are a row of sizes, else `Refused`."""
    if not isinstance(sizes, tuple) or not all(type(n) is int and n >= 0 for n in sizes):
        raise Refused("a shape in it is not a row of sizes")
    return sizes
