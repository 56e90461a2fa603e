"""The errors that users see, and functions for their messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import PurePath

_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))  # required by Persian, Hindi and many emoji
_MAX_QUOTED_CHARACTERS = 200  # of a value that an error quotes
_MAX_EXTENSION_CHARACTERS = 10  # a longer suffix is not a file extension


class StudioError(Exception):
    """A problem that a user can act on: the message says what to do next."""


class InvalidInput(StudioError):
    """An image, file or setting that is not accepted."""


class Unavailable(StudioError):
    """Something that the studio needs is missing: weights, a network connection, a worker."""


class InsufficientSpace(StudioError):
    """Disk space or memory is not sufficient."""


class LimitReached(StudioError):
    """An owner of a shared studio has reached the limit of simultaneous jobs or requests."""


class Cancelled(Exception):
    """Raised by `Progress` when the user stops a task; the task returns its best result so far."""


class Discarded(Exception):
    """Raised by `Progress` when the user cancels a task and wants no result; tasks do not catch it."""


def is_out_of_memory(error: Exception) -> bool:
    """Returns whether this is an out-of-memory error of Python, TensorFlow or JAX."""
    is_exhausted = "RESOURCE_EXHAUSTED" in str(error) or type(error).__name__ == "ResourceExhaustedError"
    return is_exhausted or isinstance(error, MemoryError)


def invalid(name: str, *, expected: str, received: object, next_step: str = "") -> InvalidInput:
    """Returns the error for an invalid argument: what is wrong, what is accepted, what to do.

    Args:
        name: the argument's name on the page or the command line.
        expected: what is accepted, to follow the word "Use".
        received: the value, shortened to 200 characters.
        next_step: what else the user can do; "" where `expected` says it all.
    """
    parts = [
        f"Invalid {name}: {make_printable(str(received))}.",
        f"Use {expected}.",
        as_sentence(next_step),
    ]
    return InvalidInput(" ".join(parts).rstrip())


def as_sentence(text: str) -> str:
    """Returns a text with a capital letter and a period; "" stays empty."""
    text = text[:1].upper() + text[1:]
    return f"{text}." if text and text[-1] not in ".?!" else text


def with_article(noun: str) -> str:
    """Returns a noun with its article: "an image", "a video"."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def join_quoted(names: Sequence[str]) -> str:
    """Joins names in backticks, the last two by "or": "`--batch` or `--streams`"."""
    quoted = [f"`{name}`" for name in names]
    return " or ".join(quoted) if len(quoted) < 3 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def unknown(name: str, received: object, choices: Iterable[str], next_step: str = "") -> InvalidInput:
    """Returns the error for an unknown name, which lists the choices, closest first.

    Args:
        name: the argument's name on the page or the command line.
        received: the unknown name.
        choices: all names that exist; those that do not fit into 200 characters are only counted.
        next_step: what else the user can do, if no choice is close.
    """
    # Comparing a megabyte with every name would take seconds.
    received = str(received)[:_MAX_QUOTED_CHARACTERS]
    folded = received.casefold()
    ranked = sorted(
        choices, key=lambda choice: -difflib.SequenceMatcher(None, choice.casefold(), folded).ratio()
    )
    if not ranked:
        return InvalidInput(f"There is no {name} here. Leave it out.")
    listed = [choice for n, choice in enumerate(ranked) if n < 3 or len(", ".join(ranked[: n + 1])) <= 200]
    unlisted = len(ranked) - len(listed)
    expected = f"one of {', '.join(listed)}" + (f" or {unlisted} more" if unlisted else "")
    if question := did_you_mean(received, ranked[:1]):
        return InvalidInput(f"Invalid {name}: {make_printable(received)}. {question} Use {expected}.")
    return invalid(name, expected=expected, received=received or "nothing", next_step=next_step)


def did_you_mean(received: str, names: Iterable[str]) -> str:
    """Returns a question about a misspelled name: "Did you mean banana?"; "" if no name is close."""
    received = received[:_MAX_QUOTED_CHARACTERS]  # as in `unknown`
    names_by_folded = {name.casefold(): name for name in names}
    matches = difflib.get_close_matches(received.casefold(), names_by_folded, n=1)
    match = names_by_folded[matches[0]] if matches else received
    return f"Did you mean {match}?" if match != received else ""


def is_printable(text: str) -> bool:
    """Returns whether a text has no control characters. Joiners of letters and emoji are allowed."""
    return text.translate(_JOINERS).isprintable()


def make_printable(text: str, max_characters: int = _MAX_QUOTED_CHARACTERS) -> str:
    """Replaces control characters, such as terminal codes, and cuts the text to `max_characters`."""
    cut = text[: max_characters + 1]
    clean = "".join(c if is_printable(c) else "\N{REPLACEMENT CHARACTER}" for c in cut)
    return clean if len(clean) <= max_characters else clean[: max_characters - 1] + "…"


def shorten_name(name: str, max_characters: int) -> str:
    """Makes a file name printable; a long one loses the end of its stem, but keeps its extension."""
    clean = make_printable(name, len(name))
    ending = PurePath(clean).suffix
    ending = ending if len(ending) <= _MAX_EXTENSION_CHARACTERS else ""
    return make_printable(clean.removesuffix(ending), max_characters - len(ending)) + ending
