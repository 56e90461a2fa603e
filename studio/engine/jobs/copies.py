"""Copies of jobs for pages. Finished jobs never change again, so some of their copies are held in memory."""

from __future__ import annotations

from studio.engine.jobs.job import Job, Outcome
from studio.engine.jobs.store import Folder

MOST_BYTES = 64 * 2**20
_POINT_BYTES = 80  # of a value of a curve, in memory


class Copies:
    """Copies of jobs, the least used leaving first. Not thread-safe, as the ledger that has them."""

    def __init__(self) -> None:
        self._copies: dict[str, tuple[Job, int]] = {}  # each with its bytes, the least used first
        self._bytes = 0

    def of(self, job: Job, folder: Folder, place: int, starts_in: float | None) -> Job:
        """The job as it is now, with what its folder has."""
        if job.id in self._copies:
            self._copies[job.id] = entry = self._copies.pop(job.id)  # now the last to leave
            return entry[0]
        copy = _copy(job, folder, place, starts_in)
        if job.finished and (weight := _weight(copy)) <= MOST_BYTES:
            while self._bytes + weight > MOST_BYTES:
                self.forget(next(iter(self._copies)))
            self._copies[job.id] = copy, weight
            self._bytes += weight
        return copy

    def forget(self, id: str) -> None:
        """Holds a job no longer."""
        _, weight = self._copies.pop(id, (None, 0))
        self._bytes -= weight


def _copy(job: Job, folder: Folder, place: int, starts_in: float | None) -> Job:
    outcome = folder.read(Outcome) if job.finished else None
    now = {
        "place": place,
        "starts_in": starts_in,
        "history": folder.history(),
        "preview": job.preview or folder.preview(),
        "result": outcome.result if outcome else None,
        "paused": job.paused and job.state == "queued",
    }
    return job.model_copy(update=now)


def _weight(job: Job) -> int:
    """About how many bytes of memory a copy takes."""
    curve = sum(map(len, job.history)) * _POINT_BYTES
    return len(job.preview or b"") + curve + 4 * len(repr(job.result))
