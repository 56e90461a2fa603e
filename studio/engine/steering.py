"""What changes jobs that wait or run: moved, paused, ended. Part of `Engine`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from studio.core import owners
from studio.core.errors import InvalidInput
from studio.engine.jobs.job import Job
from studio.engine.jobs.ledger import Ledger
from studio.engine.serving import Serving

CANCELLED = "It was cancelled before it began."
_YIELD_SECONDS = 0.001  # between two writes, in which another thread takes the lock


class Steering(Serving):
    """Moves, pauses and ends the jobs of an owner."""

    def stop(self, id: str, owner: str = owners.LOCAL) -> None:
        """Asks a running job to stop and to keep its best so far, which is then its result.

        Ends the job's process if it does not stop, and a waiting job at once. Raises `Unavailable` if there
        is no such job of this owner.
        """
        with self._known_ledger() as ledger:
            job = ledger.find(id, owner)
            if job.state == "running" and self._runner is not None:
                self._runner.stop(job)
            elif job.state == "queued":
                self._drop(ledger, [job])

    def cancel(self, id: str, owner: str = owners.LOCAL) -> None:
        """Ends a job and keeps nothing of it, also one that is about to stop. Otherwise as `stop`."""
        with self._known_ledger() as ledger:
            job = ledger.find(id, owner)
            if job.state in ("running", "stopping") and self._runner is not None:
                self._runner.cancel(job)
            elif job.state == "queued":
                self._drop(ledger, [job])

    def _drop(self, ledger: Ledger, jobs: Iterable[Job]) -> None:
        """Ends jobs that wait; call it with the lock held."""
        for job in jobs:
            if self._runner is not None:
                self._runner.recall(job)
            ledger.queue.leave(job)
            ledger.settle(job, CANCELLED, "cancelled")
        if self._runner is not None:
            self._runner.dispatch()

    def move(self, id: str, to: str, owner: str = owners.LOCAL) -> Job:
        """Moves a waiting job, or its batch, forward among its owner's; those of others keep their places.

        Args:
            to: "front", "up" by one, or the id of the job before which it shall run.

        Raises:
            InvalidInput: if it no longer waits, is paused, or does not wait behind that job.
        """
        with self._waiting(id, owner) as (ledger, job):
            ledger.move(job, to)
            return ledger.copy(job)

    def pause(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Lets a waiting job, or its batch, wait until it is resumed, also beyond a restart.

        Raises as `move`.
        """
        with self._waiting(id, owner) as (ledger, job):
            for one in ledger.queue.together(job):
                if self._runner is not None:
                    if self._runner.begins(one):
                        continue
                    self._runner.recall(one)
                ledger.pause(one, True)
            return ledger.copy(job)

    def resume(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Lets a paused job, or all of its batch, have its turn again. Raises as `move`."""
        with self._waiting(id, owner) as (ledger, job):
            for one in ledger.queue.together(job):
                ledger.pause(one, False)
            return ledger.copy(job)

    @contextmanager
    def _waiting(self, id: str, owner: str) -> Iterator[tuple[Ledger, Job]]:
        """A job that waits; then the lanes are filled as its new place has it."""
        with self._change() as ledger:
            job = ledger.find(id, owner)
            if job.state != "queued" or (self._runner is not None and self._runner.begins(job)):
                raise InvalidInput("That job no longer waits. Stop it, or let it run.")
            yield ledger, job
            if self._runner is not None:
                self._runner.dispatch()

    def stop_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Ends all jobs of a batch that have not ended, as `stop` does. Raises as `batch`."""
        self._end_batch(batch, owner, self.stop)

    def cancel_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Ends all jobs of a batch that have not ended, as `cancel` does. Raises as `batch`."""
        self._end_batch(batch, owner, self.cancel)

    def _end_batch(self, batch: str, owner: str, end: Callable[[str, str], None]) -> None:
        with self._change() as ledger:
            unfinished = [job for job in ledger.batch(batch, owner) if not job.finished]
            self._drop(ledger, [job for job in unfinished if job.state == "queued"])
            for job in unfinished:
                end(job.id, owner)

    @contextmanager
    def _change(self) -> Iterator[Ledger]:
        """Changes jobs under the lock, and writes their states once it is free.

        The disk takes about 10 ms for each: a batch of 500 would keep everybody else waiting for seconds.
        """
        with self._known_ledger() as ledger, ledger.postponing() as changed:
            yield ledger
        for job in list(changed.values()):
            with self._lock:
                if ledger.get(job.id) is job:  # else it was removed meanwhile
                    ledger.note(job)
            time.sleep(_YIELD_SECONDS)
