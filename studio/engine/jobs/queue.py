"""The jobs that wait: whose turn it is, and about when. The order is decided here and nowhere else.

Jobs wait in the order in which they were asked for. The one exception is RULE, which a user reads, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from studio.core.errors import InvalidInput, invalid
from studio.engine.jobs.job import Job

SMALL_SECONDS = 30.0
LONG_SECONDS = 120.0
MOST_PASSES = 3
RULE = (
    "Jobs run in the order in which they were asked for, unless you move yours forward. "
    f"But one that is expected to take less than {SMALL_SECONDS:.0f} seconds passes those that are expected "
    f"to take more than {LONG_SECONDS / 60:.0f} minutes and have not begun; no job is passed more than "
    f"{MOST_PASSES} times, and none that you moved. A batch counts as one job; jobs added later count as "
    "another."
)
_STEP = 1e-3  # s, between the turns of two jobs where the clock gives none


@dataclass(frozen=True)
class Turn:
    """When a waiting job's turn comes.

    Attributes:
        place: 1 for the next of its lane.
        ahead: about how many seconds those take that go before it; None where that is not known of one.
    """

    place: int
    ahead: float | None


class Waiting:
    """The waiting jobs of all lanes, as they were asked for. Not thread-safe, as the ledger that has them."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._turns: dict[str, Turn] | None = None  # as they are, until something changes
        # By the id of a job: the units that passed it, each with when its newest job was requested.
        self._passers: dict[str, dict[str, float]] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def enter(self, job: Job) -> None:
        """Adds a job: a new one at the end, one of before where it stood."""
        if job.turn is None:
            last = self._jobs[-1].turn if self._jobs else None
            job.turn = max(job.created, (last or 0.0) + _STEP)
        self._jobs.append(job)
        self._changed()

    def enter_first(self, job: Job) -> None:
        """Puts a job before all others."""
        first = self._jobs[0].turn if self._jobs else None
        job.turn = (job.turn if first is None else first - _STEP) or 0.0
        self._jobs.append(job)
        self._changed()

    def leave(self, job: Job) -> None:
        """Takes a job out that begins, or never will."""
        self._jobs.remove(job)
        self._passers.pop(job.id, None)
        self._turns = None

    def in_turn(self, lane: str) -> list[Job]:
        """Those of a lane that are not paused, the next one first."""
        order: list[Job] = []
        passers: dict[str, set[str]] = {}
        weights = self._weights()
        for job in self._jobs:
            if job.lane != lane or job.paused:
                continue
            place = len(order)
            while place:
                other = order[place - 1]
                also = passers.setdefault(other.id, set())
                if not self._passes(job, other, weights, also):
                    break
                place -= 1
                if not self._has_passed(job, other):
                    also.add(job.unit)
            order.insert(place, job)
        return order

    def begin(self, job: Job) -> list[Job]:
        """Takes a job out that begins, and returns those that it is the first of its batch to go before."""
        passed = self._passed_by(job)
        newest = max(one.created for one in self.together(job))
        for other in passed:
            other.passed += 1
            self._passers.setdefault(other.id, {})[job.unit] = newest
        self.leave(job)
        return passed

    def _passed_by(self, job: Job) -> list[Job]:
        weights = self._weights()
        earlier = self._jobs[: self._jobs.index(job)]
        found = [one for one in earlier if one.lane == job.lane and not one.paused]
        return [one for one in found if self._passes(job, one, weights) and not self._has_passed(job, one)]

    def is_small(self, job: Job) -> bool:
        """Whether a job, with all that waits of its batch, may go before long ones."""
        return _is_small(job, self._weights())

    def together(self, job: Job) -> list[Job]:
        """Those that have one place with a job: all that wait of its batch."""
        return [one for one in self._jobs if one.unit == job.unit]

    def _weights(self) -> dict[str, float | None]:
        """About how many seconds what waits of each batch takes, and each job that is of none."""
        weights: dict[str, float | None] = {}
        for job in self._jobs:
            before, seconds = weights.get(job.unit, 0.0), job.expected
            weights[job.unit] = None if before is None or seconds is None else before + seconds
        return weights

    def turn(self, job: Job) -> Turn | None:
        """When its turn comes; None for one that does not wait, or is paused."""
        if self._turns is None:
            self._turns = {}
            for lane in {job.lane for job in self._jobs}:
                self._look_ahead(lane)
        return self._turns.get(job.id)

    def move(self, job: Job, to: str) -> list[Job]:
        """Moves a job forward among its owner's, which share the turns that they had: all others keep theirs.

        What its owner moved is passed by no other job any more.

        Args:
            to: "front", "up" by one, or the id of the job before which it shall run.

        Returns:
            Those whose turn changed.

        Raises:
            InvalidInput: if it is paused, or there is no such job behind which it waits.
        """
        own = [one for one in self.in_turn(job.lane) if one.owner == job.owner]
        if job not in own:
            raise InvalidInput("A paused job cannot be moved. Resume it first.")
        units = list(dict.fromkeys(one.unit for one in own))
        place = units.index(job.unit)
        there = {"front": 0, "up": max(0, place - 1)}
        there |= {one.id: units.index(one.unit) for one in own if one.unit in units[: place + 1]}
        if to not in there:
            expected = "front, up, or the id of a job of yours that waits before it"
            raise invalid("to", expected=expected, received=to)
        turns = sorted(one.turn or 0.0 for one in own)
        units.insert(there[to], units.pop(place))
        changed = []
        for one, turn in zip(sorted(own, key=lambda one: units.index(one.unit)), turns, strict=True):
            if one.unit == job.unit:
                one.passed = MOST_PASSES
            if one.unit == job.unit or one.turn != turn:
                one.turn = turn
                changed.append(one)
        self._changed()
        return changed

    def pause(self, job: Job, paused: bool) -> None:
        """Lets a job wait until it is resumed, or wait for its turn again."""
        job.paused = paused
        self._turns = None

    def _look_ahead(self, lane: str) -> None:
        assert self._turns is not None
        ahead: float | None = 0.0
        for place, job in enumerate(self.in_turn(lane), 1):
            self._turns[job.id] = Turn(place, ahead)
            ahead = None if ahead is None or job.expected is None else ahead + job.expected

    def _changed(self) -> None:
        self._jobs.sort(key=lambda job: (job.turn, job.id))
        self._turns = None

    def _passes(
        self, job: Job, other: Job, weights: Mapping[str, float | None], also: Set[str] = frozenset()
    ) -> bool:
        """Whether a job goes before one that was asked for earlier.

        Args:
            weights: about how many seconds each unit takes.
            also: the units that go before the other one only in this order: none of them has begun.
        """
        weight = weights.get(other.unit)
        if not _is_small(job, weights) or weight is None or weight <= LONG_SECONDS:
            return False
        if self._has_passed(job, other) or job.unit in also:
            return True
        return other.passed + len(also) < MOST_PASSES

    def _has_passed(self, job: Job, other: Job) -> bool:
        """Whether a job is one of a batch that went before another job, and was there when that happened.

        Jobs that join the batch later count as another one, or a batch could be filled up and pass forever.
        """
        return job.created <= self._passers.get(other.id, {}).get(job.unit, -1.0)


def _is_small(job: Job, weights: Mapping[str, float | None]) -> bool:
    weight = weights.get(job.unit)
    return weight is not None and weight < SMALL_SECONDS
