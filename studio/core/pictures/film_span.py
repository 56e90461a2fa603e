"""The part of a video that is read, told in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from studio.core.errors import invalid
from studio.core.pictures.film_limits import MOST_FRAMES


@dataclass(frozen=True)
class Span:
    """From when to when a video is read.

    Attributes:
        start: seconds from the beginning of the video, 0 or more.
        end: likewise; None for the end of the video.
    """

    start: float = 0.0
    end: float | None = None

    def frames(self, count: int, rate: int, name: str = "film") -> range:
        """Which frames these are, counted from 0; one at least.

        Args:
            count: frames of the whole video.
            rate: frames a second.
            name: what errors call the video.

        Raises:
            InvalidInput: if the video is over before the start, or the end comes before it.
        """
        first = round(self.start * rate)
        last = count if self.end is None else min(count, max(round(self.end * rate), first + 1))
        if first >= count:
            expected = f"less than {count / rate:.1f} s, the length of {name}"
            raise invalid("start", expected=expected, received=f"{self.start:g} s", next_step="start earlier")
        if self.end is not None and self.end <= self.start:
            expected = f"more than {self.start:g} s, where it starts"
            raise invalid("end", expected=expected, received=f"{self.end:g} s", next_step="end later")
        return range(first, last)


WHOLE = Span()


def longest(rate: int) -> float:
    """How many seconds of a video the studio reads at most.

    Args:
        rate: frames that are read a second.
    """
    return MOST_FRAMES / rate


def taken(number: int, rate: int, most: int) -> int:
    """How many of the first frames of a film are taken.

    Args:
        number: of those frames.
        rate: frames a second of the film.
        most: frames a second that are taken: all, or of a quicker film its even share.
    """
    return number if rate <= most else math.ceil(Fraction(number * most, rate))


def check_length(count: int, rate: int, name: str) -> None:
    """Refuses more frames than the studio reads.

    Args:
        count: how many there are.
        rate: frames that are read a second.
        name: what errors call the video.

    Raises:
        InvalidInput: telling both in frames and in seconds.
    """
    if count <= MOST_FRAMES:
        return
    most = f"{longest(rate):.1f} s at {rate} frames a second"
    received = f"{count:,} frames, {count / rate:.1f} s"
    step = "choose a part of it by start and end"
    raise invalid(name, expected=f"at most {MOST_FRAMES} frames, {most}", received=received, next_step=step)
