"""The errors that users see, and functions for their messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import PurePath

_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))  # required by Persian, Hindi and many emoji
_MOST_RECEIVED = 200  # characters of a value that an error quotes
_MOST_ENDING = 10  # characters; a longer suffix is not a file extension


class StudioError(Exception):
    """A problem that a user can act on: the message says what to do next."""


class InvalidInput(StudioError):
    """An image, file or setting that is not accepted."""


class Unavailable(StudioError):
    """Something that the studio needs is missing: weights, a network connection, a worker."""


class InsufficientSpace(StudioError):
    """Disk space or memory is not sufficient."""


class TooMany(StudioError):
    """An owner of a shared studio has reached the limit of simultaneous jobs or requests."""


class Cancelled(Exception):
    """Raised by `Progress` when the user stops a task; the task returns its best result so far."""


class Discarded(Exception):
    """Raised by `Progress` when the user cancels a task without a result; tasks let it pass."""


def of_memory(error: Exception) -> bool:
    """Returns whether this is an out-of-memory error of Python, TensorFlow or JAX."""
    named = "RESOURCE_EXHAUSTED" in str(error) or type(error).__name__ == "ResourceExhaustedError"
    return named or isinstance(error, MemoryError)


def invalid(name: str, *, expected: str, received: object, next_step: str = "") -> InvalidInput:
    """Returns the error for an invalid argument: what is wrong, what is accepted, what to do.

    Args:
        name: the argument's name on the page or the command line.
        expected: what is accepted, to follow the word "Use".
        received: the value, shortened to 200 characters.
        next_step: what else the user can do; "" where `expected` says it all.
    """
    sentences = [f"Invalid {name}: {printable(str(received))}.", f"Use {expected}.", sentence(next_step)]
    return InvalidInput(" ".join(sentences).rstrip())


def sentence(text: str) -> str:
    """Adds a capital letter and a period to a text; "" stays empty."""
    text = text[:1].upper() + text[1:]
    return f"{text}." if text and text[-1] not in ".?!" else text


def a(noun: str) -> str:
    """Adds the article to a noun: "an image", "a video"."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def quoted_list(names: Sequence[str]) -> str:
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
    received = str(received)[:_MOST_RECEIVED]  # comparing a megabyte with every name would take seconds
    word = received.casefold()
    ranked = sorted(
        choices, key=lambda choice: -difflib.SequenceMatcher(None, choice.casefold(), word).ratio()
    )
    if not ranked:
        return InvalidInput(f"There is no {name} here. Leave it out.")
    listed = [choice for n, choice in enumerate(ranked) if n < 3 or len(", ".join(ranked[: n + 1])) <= 200]
    more = len(ranked) - len(listed)
    expected = f"one of {', '.join(listed)}" + (f" or {more} more" if more else "")
    if question := did_you_mean(received, ranked[:1]):
        return InvalidInput(f"Invalid {name}: {printable(received)}. {question} Use {expected}.")
    return invalid(name, expected=expected, received=received or "nothing", next_step=next_step)


def did_you_mean(received: str, names: Iterable[str]) -> str:
    """Returns a question about a misspelled name: "Did you mean banana?"; "" if no name is close."""
    spelled = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(received.casefold(), spelled, n=1)
    return f"Did you mean {spelled[close[0]]}?" if close and spelled[close[0]] != received else ""


def is_printable(text: str) -> bool:
    """Returns whether a text has no control characters. Joiners of letters and emoji are allowed."""
    return text.translate(_JOINERS).isprintable()


def printable(text: str, limit: int = _MOST_RECEIVED) -> str:
    """Replaces control characters, such as terminal codes, and cuts the text to `limit` characters."""
    cut = text[: limit + 1]
    clean = "".join(c if is_printable(c) else "\N{REPLACEMENT CHARACTER}" for c in cut)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def short_name(name: str, limit: int) -> str:
    """Makes a file name `printable`; a long one loses the end of its stem, but keeps its extension."""
    clean = printable(name, len(name))
    ending = PurePath(clean).suffix
    ending = ending if len(ending) <= _MOST_ENDING else ""
    return printable(clean.removesuffix(ending), limit - len(ending)) + ending
