"""Jobs as pages see them. Those that are finished never change again, so some of them are held in memory."""

from __future__ import annotations

from studio.engine.jobs import store
from studio.engine.jobs.record import Record
from studio.engine.jobs.snapshots import Job

MOST_BYTES = 64 * 2**20
_FIGURE_BYTES = 80  # of a curve, in memory


class Seen:
    """Snapshots of jobs. Not thread-safe, as the ledger that has them."""

    def __init__(self) -> None:
        # With about how many bytes each has, the least used first.
        self._held: dict[str, tuple[Job, int]] = {}
        self._bytes = 0

    def of(self, record: Record, place: int, starts_in: float | None) -> Job:
        """The job as it is now."""
        if record.id in self._held:
            found = self._held[record.id] = self._held.pop(record.id)  # now the last to go
            return found[0]
        job = _snapshot(record, place, starts_in)
        if record.finished:
            self._hold(job)
        return job

    def _hold(self, job: Job) -> None:
        """Holds a job, and lets the least used ones go for it."""
        weight = _weight(job)
        if weight > MOST_BYTES:
            return
        while self._bytes + weight > MOST_BYTES:
            self.forget(next(iter(self._held)))
        self._held[job.id] = job, weight
        self._bytes += weight

    def forget(self, id: str) -> None:
        """Holds a job no longer."""
        _, weight = self._held.pop(id, (None, 0))
        self._bytes -= weight


def _snapshot(record: Record, place: int, starts_in: float | None) -> Job:
    asked = record.asked
    outcome = (record.folder.read("outcome") or {}) if record.finished else {}
    return Job(
        id=record.id,
        task=asked["task"],
        title=asked["title"],
        settings=asked["settings"],
        inputs=store.unpack_inputs(asked["inputs"]),
        owner=asked["owner"],
        state=record.state,
        place=place,
        created=asked["created"],
        started=record.started,
        ended=record.ended,
        report=record.report,
        history=record.folder.history(),
        preview=record.preview or record.folder.preview(),
        result=store.unpack_result(outcome["result"]) if "result" in outcome else None,
        error=record.error,
        expected=record.expected,
        starts_in=starts_in,
        batch=asked.get("batch", ""),
        paused=record.paused and record.state == "queued",
    )


def _weight(job: Job) -> int:
    """About how many bytes of memory a job takes that is seen."""
    curve = sum(map(len, job.history)) * _FIGURE_BYTES
    return len(job.preview or b"") + curve + 4 * len(repr(job.result))
