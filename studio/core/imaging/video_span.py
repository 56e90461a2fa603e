"""The part of a video to read, in seconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from studio.core.errors import invalid
from studio.core.imaging.frame_times import FrameTimes
from studio.core.imaging.video_limits import MAX_FRAMES

MOMENT_SECONDS = 1e-3  # s; so short a part is one frame
_SLACK = Fraction(1, 10_000)  # s, tolerance between times in seconds and those of frames


@dataclass(frozen=True)
class Span:
    """Start and end of the part of a video to read.

    Attributes:
        start: seconds from the beginning of the video, 0 or more.
        end: seconds from the beginning of the video; None for its end.
    """

    start: float = 0.0
    end: float | None = None

    def select_frames(self, times: FrameTimes, name: str = "video") -> range:
        """Selects the numbers of the frames, from 0, at least one.

        Args:
            times: times of all frames of the video.
            name: name of the video, for errors.

        Raises:
            InvalidInput: if the start is after the video's end, or the end is not after the start.
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


WHOLE_VIDEO = Span()


def longest_seconds(rate: float) -> float:
    """Returns the longest part of a video that the studio reads, in seconds.

    Args:
        rate: frames per second to read.
    """
    return MAX_FRAMES / rate


def check_length(count: int, rate: float, name: str) -> None:
    """Checks that there are at most MAX_FRAMES frames.

    Args:
        count: number of frames.
        rate: frames per second to read.
        name: name of the video, for errors.

    Raises:
        InvalidInput: if there are more; gives the limit in frames and seconds.
    """
    if count <= MAX_FRAMES:
        return
    expected = f"at most {longest_seconds(rate):.1f} s at {rate:.4g} frames per second, {MAX_FRAMES} frames"
    received = f"{count / rate:.1f} s, {count:,} frames"
    step = f"choose a part by start and end, such as 0 to {longest_seconds(rate):.1f} s"
    raise invalid(name, expected=expected, received=received, next_step=step)
