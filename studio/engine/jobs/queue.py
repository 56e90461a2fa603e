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
MAX_PASSES = 3
RULE = (
    "Jobs run in the order they were requested, unless you move yours forward. A job expected to take less "
    f"than {SMALL_SECONDS:.0f} seconds passes waiting jobs expected to take more than "
    f"{LONG_SECONDS / 60:.0f} minutes. No job is passed more than {MAX_PASSES} times, and a job that you "
    "moved is never passed. A batch counts as one job; jobs added to it later count as another."
)
_TURN_SECONDS = 1e-3  # between the turns of two jobs with the same time stamp


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
            job.turn = max(job.created, (last or 0.0) + _TURN_SECONDS)
        self._jobs.append(job)
        self._sort()

    def enter_first(self, job: Job) -> None:
        """Adds a job before all others."""
        first = self._jobs[0].turn if self._jobs else None
        job.turn = (job.turn if first is None else first - _TURN_SECONDS) or 0.0
        self._jobs.append(job)
        self._sort()

    def leave(self, job: Job) -> None:
        """Removes a job that begins, or that was cancelled."""
        self._jobs.remove(job)
        self._passers.pop(job.id, None)
        self._turns = None

    def list_in_order(self, lane: str) -> list[Job]:
        """Returns the jobs of a lane that are not paused, in the order in which they run."""
        ordered_jobs: list[Job] = []
        passers: dict[str, set[str]] = {}
        unit_seconds = self._sum_seconds()
        for job in self._jobs:
            if job.lane != lane or job.paused:
                continue
            place = len(ordered_jobs)
            while place:
                other = ordered_jobs[place - 1]
                passing_units = passers.setdefault(other.id, set())
                if not self._passes(job, other, unit_seconds, passing_units):
                    break
                place -= 1
                if not self._has_passed(job, other):
                    passing_units.add(job.unit)
            ordered_jobs.insert(place, job)
        return ordered_jobs

    def begin(self, job: Job) -> list[Job]:
        """Removes a job that begins. Returns the jobs that it passes as the first of its batch."""
        passed_jobs = self._list_passed_jobs(job)
        newest_created = max(member.created for member in self.list_batch(job))
        for other in passed_jobs:
            other.passed += 1
            self._passers.setdefault(other.id, {})[job.unit] = newest_created
        self.leave(job)
        return passed_jobs

    def _list_passed_jobs(self, job: Job) -> list[Job]:
        """Returns the jobs before a job that it passes as the first of its batch."""
        unit_seconds = self._sum_seconds()
        earlier_jobs = self._jobs[: self._jobs.index(job)]
        candidates = [other for other in earlier_jobs if other.lane == job.lane and not other.paused]
        return [
            other
            for other in candidates
            if self._passes(job, other, unit_seconds) and not self._has_passed(job, other)
        ]

    def is_small(self, job: Job) -> bool:
        """Returns whether a job, with the waiting jobs of its batch, may run before long ones."""
        return _is_small(job, self._sum_seconds())

    def list_batch(self, job: Job) -> list[Job]:
        """Returns the waiting jobs of a job's batch, which share its place; only itself without a batch."""
        return [other for other in self._jobs if other.unit == job.unit]

    def _sum_seconds(self) -> dict[str, float | None]:
        """Returns the estimated seconds of the waiting jobs of each unit, see `Job.unit`; None if unknown."""
        unit_seconds: dict[str, float | None] = {}
        for job in self._jobs:
            total, seconds = unit_seconds.get(job.unit, 0.0), job.expected
            unit_seconds[job.unit] = None if total is None or seconds is None else total + seconds
        return unit_seconds

    def find_turn(self, job: Job) -> Turn | None:
        """Returns the place of a job; None if it does not wait, or is paused."""
        if self._turns is None:
            self._turns = {}
            for lane in {job.lane for job in self._jobs}:
                self._compute_turns(lane)
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
        owner_jobs = [other for other in self.list_in_order(job.lane) if other.owner == job.owner]
        if job not in owner_jobs:
            raise InvalidInput("A paused job cannot be moved. Resume it first.")
        units = list(dict.fromkeys(other.unit for other in owner_jobs))
        place = units.index(job.unit)
        positions = {"front": 0, "up": max(0, place - 1)}
        positions |= {
            other.id: units.index(other.unit) for other in owner_jobs if other.unit in units[: place + 1]
        }
        if to not in positions:
            expected = "front, up, or the id of a job of yours that waits before it"
            raise invalid("to", expected=expected, received=to)
        turns = sorted(other.turn or 0.0 for other in owner_jobs)
        units.insert(positions[to], units.pop(place))
        changed_jobs = []
        ordered_jobs = sorted(owner_jobs, key=lambda other: units.index(other.unit))
        for other, turn in zip(ordered_jobs, turns, strict=True):
            if other.unit == job.unit:
                other.passed = MAX_PASSES
            if other.unit == job.unit or other.turn != turn:
                other.turn = turn
                changed_jobs.append(other)
        self._sort()
        return changed_jobs

    def pause(self, job: Job, paused: bool) -> None:
        """Pauses or resumes a job."""
        job.paused = paused
        self._turns = None

    def _compute_turns(self, lane: str) -> None:
        """Fills the cache of turns for a lane."""
        assert self._turns is not None
        ahead: float | None = 0.0
        for place, job in enumerate(self.list_in_order(lane), 1):
            self._turns[job.id] = Turn(place, ahead)
            ahead = None if ahead is None or job.expected is None else ahead + job.expected

    def _sort(self) -> None:
        """Sorts the jobs by turn, and clears the cache of turns."""
        self._jobs.sort(key=lambda job: (job.turn, job.id))
        self._turns = None

    def _passes(
        self,
        job: Job,
        other: Job,
        unit_seconds: Mapping[str, float | None],
        passing_units: Set[str] = frozenset(),
    ) -> bool:
        """Returns whether a job runs before one that was requested earlier.

        Args:
            job: the later job.
            other: the earlier job.
            unit_seconds: estimated seconds of each unit.
            passing_units: units that pass the earlier job in the current order and have not begun.
        """
        seconds = unit_seconds.get(other.unit)
        if not _is_small(job, unit_seconds) or seconds is None or seconds <= LONG_SECONDS:
            return False
        if self._has_passed(job, other) or job.unit in passing_units:
            return True
        return other.passed + len(passing_units) < MAX_PASSES

    def _has_passed(self, job: Job, other: Job) -> bool:
        """Returns whether a job belongs to a batch that has passed another job, and existed at that time.

        Jobs added to the batch later count as a new batch, or refilling a batch could delay others forever.
        """
        return job.created <= self._passers.get(other.id, {}).get(job.unit, -1.0)


def _is_small(job: Job, unit_seconds: Mapping[str, float | None]) -> bool:
    seconds = unit_seconds.get(job.unit)
    return seconds is not None and seconds < SMALL_SECONDS
