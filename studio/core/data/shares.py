"""A part of a data set, as two shares of the whole."""

from __future__ import annotations

from studio.core.settings import Settings


def held_out(settings: Settings) -> tuple[float, float]:
    """The part at the end that a training run with these settings held out."""
    return 1 - getattr(settings, "held_out", 0.1), 1.0


def bounds(count: int, part: tuple[float, float]) -> tuple[int, int]:
    """The places where a part of so many things begins and ends.

    Counted from the end, as training runs count what they hold out; so 0.95:1.0 is just what one held out
    that kept a share of 0.05 to test on.
    """
    # 1 - 0.95 is a little over 0.05, which would make another number of a half.
    start, end = (count - round(count * round(1 - share, 9)) for share in part)
    return start, end
