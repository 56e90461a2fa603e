"""Formats seconds, bytes and counts for users.

The library humanize reads worse here: it has no short units for times, rounds 103 s down to "a minute", and
writes "78.0 MB".
"""

from __future__ import annotations

import math


def format_duration(seconds: float | None) -> str:
    """Formats a duration: `75` -> "1 min 15 s"; "" if unknown."""
    if seconds is None or seconds < 0:
        return ""
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s" if rounded < 600 else f"{rounded // 60} min"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"


def format_time_left(seconds: float | None) -> str:
    """Formats the time left, rounded so it does not flicker: `47.2` -> "45 s left"; "" if unknown."""
    if seconds is None or seconds <= 0:
        return ""
    rounding_step = 1 if seconds < 10 else 5 if seconds < 120 else 30
    return f"{format_duration(max(round(seconds / rounding_step) * rounding_step, 1))} left"


def format_estimate(seconds: float) -> str:
    """Formats an estimate, rounded: `103` -> "about 2 minutes"."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} seconds"
    if seconds < 5400:
        return f"about {round(seconds / 60)} minutes"
    return f"about {round(seconds / 1800) / 2:g} hours"


def format_bytes(byte_count: float) -> str:
    """Formats bytes as "78 MB", with 1 MB = 10**6 bytes. For memory in GiB, see `studio.core.capacity`."""
    for unit in ("bytes", "kB", "MB"):
        if round(byte_count) < 1000:
            return f"{byte_count:.0f} {unit}"
        byte_count /= 1000
    return f"{byte_count:.1f} GB"


def format_count(count: int, noun: str, plural: str = "") -> str:
    """Formats a count: `(1, "layer")` -> "1 layer", `(2345, "copy", "copies")` -> "2,345 copies"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def format_number(value: float) -> str:
    """Formats a number without an exponent: `147600.0` -> "147,600".

    Integers and numbers from 1000 have no decimals, others four significant digits.
    """
    if not math.isfinite(value):
        return str(value)
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    decimals = 3 - math.floor(math.log10(abs(value)))
    return f"{value:,.{decimals}f}".rstrip("0").rstrip(".")
