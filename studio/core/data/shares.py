"""Parts of a data set, as two shares of the whole, e.g. (0.9, 1.0)."""

from __future__ import annotations

from studio.core.settings import Settings


def held_out_part(settings: Settings) -> tuple[float, float]:
    """Returns the part at the end that a training run with these settings held out."""
    return 1 - getattr(settings, "held_out", 0.1), 1.0


def part_bounds(count: int, part: tuple[float, float]) -> tuple[int, int]:
    """Returns the start and end index of a part.

    It counts from the end, as training does: 0.95:1.0 is exactly the test part of a run with `held_out` 0.05.

    Args:
        count: number of items of the whole.
        part: start and end, as shares from 0 to 1.
    """
    # Round, because 1 - 0.95 is slightly above 0.05 and could round the count up.
    start, end = (count - round(count * round(1 - share, 9)) for share in part)
    return start, end
