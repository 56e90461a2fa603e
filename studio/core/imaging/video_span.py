"""The part of a video that is read, told in seconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from studio.core.errors import invalid
from studio.core.imaging.frame_times import FrameTimes
from studio.core.imaging.video_limits import MOST_FRAMES

MOMENT = 1e-3  # s; a part as short as that is one frame
_SLACK = Fraction(1, 10_000)  # s by which times in seconds may miss those of frames


@dataclass(frozen=True)
class Span:
    """From when to when a video is read.

    Attributes:
        start: seconds from the beginning of the video, 0 or more.
        end: likewise; None for the end of the video.
    """

    start: float = 0.0
    end: float | None = None

    def frames(self, times: FrameTimes, name: str = "video") -> range:
        """Which frames these are, counted from 0; one at least.

        Args:
            times: of the frames of the whole video.
            name: what errors call the video.

        Raises:
            InvalidInput: if the video is over before the start, or the end comes before it.
        """
        if self.start >= times.seconds:
            expected = f"less than {times.seconds:.1f} s, the length of {name}"
            raise invalid("start", expected=expected, received=f"{self.start:g} s", next_step="start earlier")
        if self.end is not None and self.end <= self.start:
            expected = f"more than {self.start:g} s, where it starts"
            raise invalid("end", expected=expected, received=f"{self.end:g} s", next_step="end later")
        ends = [*accumulate(times.durations)]
        start = bisect_right(ends, self.start + _SLACK)
        stop = len(ends) if self.end is None else bisect_left(ends, self.end - _SLACK) + 1
        return range(min(start, len(ends) - 1), max(start + 1, min(stop, len(ends))))


WHOLE = Span()


def longest(rate: float) -> float:
    """How many seconds of a video the studio reads at most.

    Args:
        rate: frames that are read a second.
    """
    return MOST_FRAMES / rate


def check_length(count: int, rate: float, name: str) -> None:
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
    most = f"{longest(rate):.1f} s at {rate:.4g} frames per second"
    received = f"{count:,} frames, {count / rate:.1f} s"
    step = "choose a part of it by start and end"
    raise invalid(name, expected=f"at most {MOST_FRAMES} frames, {most}", received=received, next_step=step)
