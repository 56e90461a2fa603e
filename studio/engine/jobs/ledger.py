"""The server's memory of all jobs.

A new job is on disk before it is answered for. What happens to it later is written at once too, but a full
disk stops nothing: the change then stands in memory and is written as soon as there is room.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from studio.core import paths, tasks
from studio.core.errors import InvalidInput, StudioError, Unavailable
from studio.core.settings import Settings
from studio.engine.jobs import folder_guards, store, timing
from studio.engine.jobs.queue import Waiting
from studio.engine.jobs.record import Record, kept, restored
from studio.engine.jobs.seen import Seen
from studio.engine.jobs.snapshots import Job, Live, State
from studio.engine.jobs.timing import Took

FRESH_NANOSECONDS = 10**9
STOPPED = "The studio stopped while it ran. Run it again."
log = logging.getLogger("studio.engine")


class Ledger:
    """All jobs of STUDIO_HOME, oldest first. Not thread-safe: the engine calls it under its lock.

    Args:
        root: STUDIO_HOME/jobs.
    """

    def __init__(self, root: Path):
        self._root = root
        self._records: dict[str, Record] = {}
        self.queue = Waiting()
        self.slots: dict[str, int] = {}  # how many jobs each lane runs at once, one where it is not told
        self._unsaved: dict[str, Record] = {}  # whose newest state is not on disk yet
        self._keys: dict[tuple[str, str], Record] = {}  # by their owner and the key that came with them
        self._batches: dict[str, list[Record]] = {}  # their jobs, by what each has one place as
        self._postponed: dict[str, Record] | None = None  # noted while `postponing` is open
        self._last_id = 0
        self._busy: dict[str, Record] = {}  # those that run
        self.took = Took()
        self._seen = Seen()
        self._names: set[str] = set()  # of all folders that were ever looked at, readable or not
        self._changed: int | None = None  # when the folder of folders last did, as far as is known here

    def load(self) -> None:
        """Reads the jobs of an earlier server: running ones are interrupted or done, others still wait."""
        paths.make(self._root)
        store.sweep(self._root)
        for path in sorted(self._root.iterdir()):
            self._names.add(path.name)
            if path.name.startswith("."):
                continue
            with folder_guards.one_of_many(path.name):
                self._load(store.Folder(path))

    def _load(self, folder: store.Folder) -> None:
        asked, state = folder.read("job"), folder.read("state")
        if asked is None or not store.is_id(folder.path.name):
            return  # the gallery shows it as unreadable
        if state is None and folder.read("outcome") is None:
            log.warning("job %s was never wholly written, so it is left alone", folder.path.name)
            return
        record = restored(folder, asked, state or {"state": "stopping"})
        if record.state in ("running", "stopping", "cancelling"):
            self.settle(record, STOPPED)
        else:
            self.took.add(record)
        self._enter(record)
        if record.state == "queued":
            self.queue.enter(record)

    def follow(self) -> None:
        """Takes note of what others did in the folder: finished jobs that a command added, items removed."""
        if not self._root.exists():
            return
        changed = self._root.stat().st_mtime_ns
        if changed == self._changed:
            return
        # Two changes may have the same time stamp, so a folder that just changed is read again.
        self._changed = changed if time.time_ns() - changed > FRESH_NANOSECONDS else None
        names = {entry.name for entry in os.scandir(self._root) if not entry.name.startswith(".")}
        for record in [r for r in self._records.values() if r.id not in names]:
            if record.paused and record.state == "queued":  # a paused one goes with its owner
                self.queue.leave(record)
            elif not record.finished:
                continue
            self._forget(record)
        for name in sorted(names - self._names - self._records.keys()):
            folder = store.Folder(self._root / name)
            with folder_guards.one_of_many(name):
                if folder.read("outcome") is not None:
                    self._load(folder)
        self._names = names

    def add(
        self,
        task: tasks.Task,
        settings: Settings,
        inputs: tasks.Inputs,
        owner: str,
        weights: Mapping[str, str] | None = None,
        key: str = "",
        expected: float | None = None,
        batch: str = "",
        waits: bool = True,
    ) -> Record:
        """A new job at the end of the queue. Raises `NoRoom` if it cannot be written.

        Args:
            waits: whether it enters the queue at once; else nobody knows of it until `enter`.
        """
        asked = store.asked_of(task, settings.model_dump(mode="json"), inputs, owner, weights, key)
        more = {"expected": expected, "batch": batch}
        record = self._new(asked | {name: value for name, value in more.items() if value not in (None, "")})
        with folder_guards.whole_or_not(record.folder):
            record.folder.write("job", record.asked)
            self.save(record)
        if waits:
            self.enter(record)
        return record

    def enter(self, record: Record) -> None:
        """Puts a job that was written at the end of the queue; its key and its batch are known then."""
        self._enter(record)
        self.queue.enter(record)

    def keyed(self, owner: str, key: str) -> Record | None:
        """The job that an owner asked for with a key; None if there is none, or the key is ""."""
        return self._keys.get((owner, key))

    def _enter(self, record: Record) -> None:
        self._records[record.id] = record
        if key := record.asked.get("key"):
            self._keys[record.asked["owner"], key] = record
        if record.asked.get("batch"):
            self._batches.setdefault(record.unit, []).append(record)

    def batch(self, batch: str, owner: str) -> list[Record]:
        """The jobs of an owner's batch, the oldest first. Raises `Unavailable` if there is none."""
        self.follow()
        if not (found := self._batches.get(f"{owner}/{batch}")):
            raise Unavailable("There is no such batch here. Look in the tray or the gallery.")
        return found

    def add_finished(self, live: Live, owner: str) -> Record:
        """A live result as a finished job, its bytes kept. Raises `NoRoom` if it cannot be written."""
        settings = live.settings.model_dump(mode="json")
        record = self._new(store.asked_of(tasks.get(live.task), settings, live.inputs, owner))
        record.state, record.ended = store.finished_state(live.stopped_early), record.asked["created"]
        record.started = record.ended - live.seconds
        file = tasks.File.keep(live.data, live.kind, live.name)
        result = tasks.Result((file,), live.figures, live.recipe, live.stopped_early)
        store.write_finished(record.folder.path, record.asked, result, record.started, record.ended)
        self._records[record.id] = record
        return record

    def _new(self, asked: dict[str, Any]) -> Record:
        self._last_id = max(self._last_id + 1, time.time_ns() // 1_000_000)  # never twice the same
        id = store.new_id(self._last_id)
        return Record(id, store.Folder(self._root / id), asked)

    def save(self, record: Record) -> None:
        """Writes the state of one job. Raises `NoRoom` if the disk is full, OSError if it fails otherwise."""
        record.folder.write("state", kept(record))

    def note(self, record: Record) -> None:
        """Writes the state of one job, now, as soon as that works, or as `postponing` says."""
        if self._postponed is not None:
            self._postponed[record.id] = record
            return
        try:
            self.save(record)
        except (StudioError, OSError):
            log.exception("the state of job %s could not be saved yet", record.id)
            self._unsaved[record.id] = record

    @contextmanager
    def postponing(self) -> Iterator[dict[str, Record]]:
        """Yields the jobs that are noted while this is open; who opened it notes them again afterwards."""
        self._postponed, before = {}, self._postponed
        try:
            yield self._postponed
        finally:
            self._postponed = before

    def catch_up(self) -> None:
        """Writes what could not be written earlier, as far as that works now."""
        for record in list(self._unsaved.values()):
            with suppress(StudioError, OSError):
                self.save(record)
                del self._unsaved[record.id]

    def requeue(self, record: Record) -> None:
        """Puts a job that ran back to the head of the queue, unless it left an outcome before it died."""
        if record.folder.read("outcome") is not None:
            return self.settle(record)
        record.state = "queued"
        self._busy.pop(record.id, None)
        self.queue.enter_first(record)
        self.note(record)

    def begin(self, record: Record) -> None:
        """Notes that a job runs, and whom it passed."""
        for other in self.queue.passed_by(record):
            other.passed += 1
            other.passers[record.unit] = self.queue.newest(record)
            self.note(other)
        self.queue.leave(record)
        self._busy[record.id] = record
        record.state, record.started, record.tries = "running", time.time(), record.tries + 1
        self.note(record)

    def settle(self, record: Record, reason: str = "", state: State = "interrupted") -> None:
        """Ends a job: by its outcome if the worker left one, else in `state` with `reason`."""
        record.settle(reason, state)
        self._busy.pop(record.id, None)
        self.took.add(record)
        self.note(record)

    def move(self, record: Record, to: str) -> None:
        """Moves a waiting job forward among its owner's, see `Waiting.move`."""
        for changed in self.queue.move(record, to):
            self.note(changed)

    def pause(self, record: Record, paused: bool) -> None:
        """Pauses or resumes a waiting job, also beyond a restart."""
        self.queue.pause(record, paused)
        self.note(record)

    def find(self, id: str, owner: str) -> Record:
        """The job of an id. Raises `Unavailable` if there is none, or it is another owner's."""
        self.follow()
        record = self._records.get(id)
        if record is None or record.asked["owner"] != owner:
            raise Unavailable("There is no such job here. Look in the tray or the gallery.")
        return record

    def newest(self, owner: str, limit: int) -> list[Record]:
        """The owner's jobs, newest first; what is under way is among them however many came after it."""
        self.follow()
        own = [record for record in self._records.values() if record.asked["owner"] == owner]
        own.sort(key=lambda record: record.id, reverse=True)
        busy = [record for record in own if not record.finished]
        late = [record for record in own if record.finished][: max(0, limit - len(busy))]
        return sorted([*busy, *late], key=lambda record: record.id, reverse=True)

    def unfinished(self, owner: str) -> list[Record]:
        """An owner's jobs that run or wait, first those that run."""
        return [one for one in (*self._busy.values(), *self.queue) if one.asked["owner"] == owner]

    def busy(self) -> list[Record]:
        """Jobs that run."""
        return list(self._busy.values())

    def get(self, id: str) -> Record | None:
        """The job of an id, whoever owns it."""
        return self._records.get(id)

    def remove(self, record: Record) -> None:
        """Forgets a finished job. Raises `InvalidInput` if it is not finished."""
        if not record.finished:
            raise InvalidInput("A job that is not finished cannot be removed. Cancel it first.")
        record.folder.remove()
        self._forget(record)

    def _forget(self, record: Record) -> None:
        self._unsaved.pop(record.id, None)
        self._seen.forget(record.id)
        self._keys.pop((record.asked["owner"], record.asked.get("key", "")), None)
        del self._records[record.id]
        if record.asked.get("batch"):
            self._batches[record.unit].remove(record)

    def starts_in(self, record: Record) -> float | None:
        """About how many seconds it is until a waiting job begins; None if that is not known."""
        turn = self.queue.turn(record)
        if turn is None or turn.ahead is None:
            return None
        left = timing.left(self.busy(), record.lane)
        slots = max(1, self.slots.get(record.lane, 1))
        return None if left is None else (turn.ahead + left) / slots

    def snapshot(self, record: Record) -> Job:
        """The job as a page sees it now."""
        turn = self.queue.turn(record)
        return self._seen.of(record, turn.place if turn else 0, self.starts_in(record))
