"""Seconds, bytes and counts in a user's words; all of the studio says them by these few functions.

The library humanize reads worse here: it has no short units for times, rounds 103 s down to "a minute", and
writes "78.0 MB".
"""

from __future__ import annotations

import math


def duration(seconds: float | None) -> str:
    """`75` -> "1 min 15 s"; "" when not known."""
    if seconds is None or seconds < 0:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def left(seconds: float | None) -> str:
    """The time left, as calm as it is sure: `47.2` -> "45 s left"; "" when not known."""
    if seconds is None or seconds <= 0:
        return ""
    steps = 1 if seconds < 10 else 5 if seconds < 120 else 30
    return f"{duration(max(round(seconds / steps) * steps, 1))} left"


def about(seconds: float) -> str:
    """A guess, no finer than it is: `103` -> "about 2 minutes"."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} seconds"
    if seconds < 5400:
        return f"about {round(seconds / 60)} minutes"
    return f"about {round(seconds / 1800) / 2:g} hours"


def size(count: float) -> str:
    """Bytes as "78 MB", a MB being a million; memory is told in GiB, see `studio.core.capacity`."""
    for unit in ("bytes", "kB", "MB"):
        if round(count) < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def count(number: int, noun: str, plural: str = "") -> str:
    """So many things: `(1, "layer")` -> "1 layer", `(2345, "copy", "copies")` -> "2,345 copies"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def number(value: float) -> str:
    """A figure as people write it, never with an exponent of ten: `147600.0` -> "147,600".

    Whole numbers and those of 1000 and more have no decimals, others four digits that count.
    """
    if not math.isfinite(value):
        return str(value)
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    decimals = 3 - math.floor(math.log10(abs(value)))
    return f"{value:,.{decimals}f}".rstrip("0").rstrip(".")
