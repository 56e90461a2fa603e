"""The errors that a user can meet, in one wording."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import PurePath

_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))  # Persian, Hindi and many emoji cannot be written without
_MOST_RECEIVED = 200  # characters of a value that an error quotes
_MOST_ENDING = 10  # characters; what is longer after a dot is no ending


class StudioError(Exception):
    """A problem that a user can act on: the message says what to do next."""


class InvalidInput(StudioError):
    """An image, file or setting that cannot be taken as it is."""


class Unavailable(StudioError):
    """Something the studio needs is not here: weights, a network, a worker."""


class NoRoom(StudioError):
    """The disk or the memory is not large enough."""


class TooMany(StudioError):
    """One of many who share a studio has as much under way as each may have."""


class Cancelled(Exception):
    """Raised by `Progress` when the user asked to stop; a task catches it and returns its best so far."""


class Discarded(Exception):
    """Raised by `Progress` when the user cancelled and wants nothing kept; tasks let it pass."""


def of_memory(error: Exception) -> bool:
    """Whether the memory was too small: an error of Python's, TensorFlow's or JAX's, known by their names."""
    named = "RESOURCE_EXHAUSTED" in str(error) or type(error).__name__ == "ResourceExhaustedError"
    return named or isinstance(error, MemoryError)


def invalid(name: str, *, expected: str, received: object, next_step: str = "") -> InvalidInput:
    """The error for an argument that is not accepted: what is wrong, what is accepted, what to do.

    Args:
        name: of the argument, as the page or the flag calls it.
        expected: what is accepted, to follow the word "Use".
        received: the value, shortened to 200 characters.
        next_step: what else the user can do; "" where `expected` says it all.
    """
    sentences = [f"Invalid {name}: {printable(str(received))}.", f"Use {expected}.", sentence(next_step)]
    return InvalidInput(" ".join(sentences).rstrip())


def sentence(text: str) -> str:
    """The text with a capital letter and a period; "" stays empty."""
    text = text[:1].upper() + text[1:]
    return f"{text}." if text and text[-1] not in ".?!" else text


def a(noun: str) -> str:
    """The noun with its article: "an image", "an animation"."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def quoted_list(names: Sequence[str]) -> str:
    """Names in backticks, the last two joined by "or": "`--batch` or `--streams`"."""
    quoted = [f"`{name}`" for name in names]
    return " or ".join(quoted) if len(quoted) < 3 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def unknown(name: str, received: object, known: Iterable[str], next_step: str = "") -> InvalidInput:
    """The error for a name that is not among those `known`: it lists them, the closest first.

    Args:
        name: what it would be the name of, as the page or the flag calls it.
        received: the unknown name.
        known: all names that exist; those that do not fit into 200 characters are only counted.
        next_step: what else the user can do, where no known name is close.
    """
    received = str(received)[:_MOST_RECEIVED]  # to compare a megabyte with every name takes seconds
    word = received.casefold()
    ranked = sorted(known, key=lambda one: -difflib.SequenceMatcher(None, one.casefold(), word).ratio())
    if not ranked:
        return InvalidInput(f"There is no {name} here. Leave it out.")
    listed = [one for n, one in enumerate(ranked) if n < 3 or len(", ".join(ranked[: n + 1])) <= 200]
    more = len(ranked) - len(listed)
    expected = f"one of {', '.join(listed)}" + (f" or {more} more" if more else "")
    if question := did_you_mean(received, ranked[:1]):
        return InvalidInput(f"Invalid {name}: {printable(received)}. {question} Use {expected}.")
    return invalid(name, expected=expected, received=received or "nothing", next_step=next_step)


def did_you_mean(received: str, known: Iterable[str]) -> str:
    """The question for a misspelled name: "Did you mean banana?"; "" if no known name is close."""
    spelled = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(received.casefold(), spelled, n=1)
    return f"Did you mean {spelled[close[0]]}?" if close and spelled[close[0]] != received else ""


def is_printable(text: str) -> bool:
    """Whether a text holds no control characters and the like. Joiners of letters and emoji are fine."""
    return text.translate(_JOINERS).isprintable()


def printable(text: str, limit: int = _MOST_RECEIVED) -> str:
    """`text` without control characters (a file name may hold terminal codes), at most `limit` characters."""
    cut = text[: limit + 1]
    clean = "".join(c if is_printable(c) else "\N{REPLACEMENT CHARACTER}" for c in cut)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def short_name(name: str, limit: int) -> str:
    """A file's name as `printable`; of a longer one the stem is cut, its ending stays."""
    clean = printable(name, len(name))
    ending = PurePath(clean).suffix
    ending = ending if len(ending) <= _MOST_ENDING else ""
    return printable(clean.removesuffix(ending), limit - len(ending)) + ending
