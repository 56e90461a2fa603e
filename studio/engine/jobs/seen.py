"""Jobs as pages see them. Those that are finished never change again, so some of them are held in memory."""

from __future__ import annotations

from contextlib import suppress

from cachetools import LRUCache

from studio.engine.jobs import store
from studio.engine.jobs.record import Record
from studio.engine.jobs.snapshots import Job

MOST_BYTES = 64 * 2**20
_FIGURE_BYTES = 80  # of a curve, in memory


class Seen:
    """Snapshots of jobs. Not thread-safe, as the ledger that has them."""

    def __init__(self) -> None:
        self._held = LRUCache[str, Job](MOST_BYTES, getsizeof=_weight)

    def of(self, record: Record, place: int, starts_in: float | None) -> Job:
        """The job as it is now."""
        found = self._held.get(record.id)
        if found is None:
            found = _snapshot(record, place, starts_in)
            if record.finished:
                with suppress(ValueError):  # more than all that is held
                    self._held[record.id] = found
        return found

    def forget(self, id: str) -> None:
        """Holds a job no longer."""
        self._held.pop(id, None)


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
