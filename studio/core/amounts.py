"""Seconds and bytes in a person's words."""

from __future__ import annotations


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


def size(count: float) -> str:
    """Bytes as "78 MB"."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
