"""The queue of waiting jobs: their order, and estimates of when each begins.

Only this module decides the order. Jobs run in the order of their requests; the only exception is RULE, which
pages show to users.
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
_STEP = 1e-3  # s between the turns of two jobs with the same time stamp


@dataclass(frozen=True)
class Turn:
    """The place of a waiting job.

    Attributes:
        place: its place in the lane, from 1.
        ahead: estimated seconds of the jobs before it; None if unknown for one of them.
    """

    place: int
    ahead: float | None


class JobQueue:
    """The waiting jobs of all lanes, in the order of their requests. Not thread-safe, like the ledger."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._turns: dict[str, Turn] | None = None  # cached until the queue changes
        # By job id: the units that passed it, each with the request time of its newest job.
        self._passers: dict[str, dict[str, float]] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def enter(self, job: Job) -> None:
        """Adds a job: a new one at the end, an earlier one at its former place."""
        if job.turn is None:
            last = self._jobs[-1].turn if self._jobs else None
            job.turn = max(job.created, (last or 0.0) + _STEP)
        self._jobs.append(job)
        self._changed()

    def enter_first(self, job: Job) -> None:
        """Adds a job before all others."""
        first = self._jobs[0].turn if self._jobs else None
        job.turn = (job.turn if first is None else first - _STEP) or 0.0
        self._jobs.append(job)
        self._changed()

    def leave(self, job: Job) -> None:
        """Removes a job that begins, or that was cancelled."""
        self._jobs.remove(job)
        self._passers.pop(job.id, None)
        self._turns = None

    def in_turn(self, lane: str) -> list[Job]:
        """Returns the jobs of a lane that are not paused, in the order in which they run."""
        order: list[Job] = []
        passers: dict[str, set[str]] = {}
        weights = self._weights()
        for job in self._jobs:
            if job.lane != lane or job.paused:
                continue
            place = len(order)
            while place:
                other = order[place - 1]
                passing = passers.setdefault(other.id, set())
                if not self._passes(job, other, weights, passing):
                    break
                place -= 1
                if not self._has_passed(job, other):
                    passing.add(job.unit)
            order.insert(place, job)
        return order

    def begin(self, job: Job) -> list[Job]:
        """Removes a job that begins. Returns the jobs that it passes as the first of its batch."""
        passed = self._passed_by(job)
        newest = max(member.created for member in self.batch_of(job))
        for other in passed:
            other.passed += 1
            self._passers.setdefault(other.id, {})[job.unit] = newest
        self.leave(job)
        return passed

    def _passed_by(self, job: Job) -> list[Job]:
        weights = self._weights()
        earlier = self._jobs[: self._jobs.index(job)]
        candidates = [other for other in earlier if other.lane == job.lane and not other.paused]
        return [
            other
            for other in candidates
            if self._passes(job, other, weights) and not self._has_passed(job, other)
        ]

    def is_small(self, job: Job) -> bool:
        """Returns whether a job, with the waiting jobs of its batch, may run before long ones."""
        return _is_small(job, self._weights())

    def batch_of(self, job: Job) -> list[Job]:
        """Returns the waiting jobs of a job's batch, which share its place; only itself without a batch."""
        return [other for other in self._jobs if other.unit == job.unit]

    def _weights(self) -> dict[str, float | None]:
        """Returns the estimated seconds of the waiting jobs of each unit, see `Job.unit`; None if unknown."""
        weights: dict[str, float | None] = {}
        for job in self._jobs:
            total, seconds = weights.get(job.unit, 0.0), job.expected
            weights[job.unit] = None if total is None or seconds is None else total + seconds
        return weights

    def turn(self, job: Job) -> Turn | None:
        """Returns the place of a job; None if it does not wait, or is paused."""
        if self._turns is None:
            self._turns = {}
            for lane in {job.lane for job in self._jobs}:
                self._look_ahead(lane)
        return self._turns.get(job.id)

    def move(self, job: Job, to: str) -> list[Job]:
        """Moves a job forward among its owner's jobs, which exchange their turns. Jobs of others keep theirs.

        No other job passes a moved job any more.

        Args:
            job: to move.
            to: "front", "up" by one, or the id of the job to run it before.

        Returns:
            The jobs whose turn changed.

        Raises:
            InvalidInput: if it is paused, or does not wait behind the given job.
        """
        own = [other for other in self.in_turn(job.lane) if other.owner == job.owner]
        if job not in own:
            raise InvalidInput("A paused job cannot be moved. Resume it first.")
        units = list(dict.fromkeys(other.unit for other in own))
        place = units.index(job.unit)
        positions = {"front": 0, "up": max(0, place - 1)}
        positions |= {other.id: units.index(other.unit) for other in own if other.unit in units[: place + 1]}
        if to not in positions:
            expected = "front, up, or the id of a job of yours that waits before it"
            raise invalid("to", expected=expected, received=to)
        turns = sorted(other.turn or 0.0 for other in own)
        units.insert(positions[to], units.pop(place))
        changed = []
        ordered = sorted(own, key=lambda other: units.index(other.unit))
        for other, turn in zip(ordered, turns, strict=True):
            if other.unit == job.unit:
                other.passed = MOST_PASSES
            if other.unit == job.unit or other.turn != turn:
                other.turn = turn
                changed.append(other)
        self._changed()
        return changed

    def pause(self, job: Job, paused: bool) -> None:
        """Pauses or resumes a job."""
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
        self, job: Job, other: Job, weights: Mapping[str, float | None], passing: Set[str] = frozenset()
    ) -> bool:
        """Returns whether a job runs before one that was requested earlier.

        Args:
            job: the later job.
            other: the earlier job.
            weights: estimated seconds of each unit.
            passing: units that pass the earlier job in the current order and have not begun.
        """
        weight = weights.get(other.unit)
        if not _is_small(job, weights) or weight is None or weight <= LONG_SECONDS:
            return False
        if self._has_passed(job, other) or job.unit in passing:
            return True
        return other.passed + len(passing) < MOST_PASSES

    def _has_passed(self, job: Job, other: Job) -> bool:
        """Returns whether a job belongs to a batch that has passed another job, and existed at that time.

        Jobs added to the batch later count as a new batch, or refilling a batch could delay others forever.
        """
        return job.created <= self._passers.get(other.id, {}).get(job.unit, -1.0)


def _is_small(job: Job, weights: Mapping[str, float | None]) -> bool:
    weight = weights.get(job.unit)
    return weight is not None and weight < SMALL_SECONDS
