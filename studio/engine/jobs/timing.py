"""How long jobs took here, and how long those that run still take."""

from __future__ import annotations

import statistics
from collections import defaultdict, deque
from collections.abc import Iterable

from studio.engine.jobs.record import Record

MOST_TIMED = 9  # jobs of a task, the newest


class Took:
    """How long jobs of each task took: what is expected of those that tell no estimate of their own."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_TIMED))

    def add(self, record: Record) -> None:
        """Takes note of a job, if it was done."""
        if record.state == "done" and record.started is not None and record.ended is not None:
            self._seconds[record.asked["task"]].append(max(record.ended - record.started, 0.0))

    def usual(self, task: str) -> float | None:
        """The median of a task in seconds; None if there was none yet."""
        known = self._seconds.get(task)
        return statistics.median(known) if known else None


def left(busy: Iterable[Record], lane: str) -> float | None:
    """How many seconds those that run in a lane take together; None if that is not known of one.

    Between two jobs of the job lane a driver's current piece is such a one, too.
    """
    running = [record for record in busy if record.lane == lane]
    seconds = [record.seconds_left for record in running]
    if not running and lane == "job":
        seconds = [record.seconds_a_step for record in busy]
    known = [one for one in seconds if one is not None]
    return sum(known) if len(known) == len(seconds) else None
