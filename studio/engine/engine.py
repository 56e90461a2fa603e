"""The engine: takes tasks, runs them in lanes, and tells how they stand."""

from __future__ import annotations

import atexit
import json
import logging
import threading
import time
from contextlib import ExitStack
from typing import Any

from distributed import Future, KilledWorker

from studio.core import paths, tasks
from studio.core.errors import InvalidInput, StudioError, Unavailable
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.engine import store, work
from studio.engine.cluster import MEMORY, Cluster
from studio.engine.jobs import Job, Live
from studio.engine.ledger import Ledger, Record
from studio.engine.turns import Turns

LET_GO_SECONDS = 10.0
LIVE_SECONDS = 60.0
MOST_TRIES = 2
KILLED = "Its process was ended from outside or crashed, {times}. Next: run it again, or try a smaller size."
CANCELLED = "It was cancelled before it began."
STUCK = "It did not stop within {seconds:.0f} s, so its process was restarted; the last preview is kept."
log = logging.getLogger("studio.engine")


class Engine:
    """Runs tasks in the lanes of a cluster; jobs outlive pages, and their folders outlive the server.

    Starting takes about a second and happens in the background; jobs wait on disk meanwhile.

    Args:
        memory: what each lane's process may use, as `studio.engine.cluster.Cluster` takes it.
        warm: whether workers import Keras at once.
    """

    def __init__(self, memory=MEMORY, warm: bool = True):
        self._memory, self._warm = memory, warm
        self._lock = threading.RLock()
        self._held = ExitStack()
        self._cluster: Cluster | None = None
        self._futures: dict[str, Future] = {}
        self._warming: set[str] = set()
        self._down = ""
        self._closed = False
        self._up = threading.Event()
        self._turns = Turns(lambda: self._cluster.slots("live") if self._cluster else 1)
        try:
            self._home = paths.home()
            self._held.enter_context(paths.locked(self._home / "lock", wait=False))
            self._ledger = Ledger(self._home / "jobs")
            self._ledger.load()
        except BlockingIOError:
            self._fail(
                f"Another studio is already running on {self._home}. "
                "Next: use that one, or set STUDIO_HOME to another folder."
            )
        except (StudioError, OSError) as error:
            self._fail(str(error))
        else:
            threading.Thread(target=self._start, name="engine-start", daemon=True).start()

    # Starting and ending

    def _fail(self, why: str) -> None:
        self._down = why
        self._held.close()
        self._up.set()

    def _start(self) -> None:
        try:
            cluster = Cluster(self._home, self._memory)
        except Unavailable as error:
            return self._fail(str(error))
        except Exception as error:
            log.exception("the engine did not start")
            return self._fail(f"The engine did not start ({type(error).__name__}). Next: restart the studio.")
        with self._lock:
            if self._closed:
                return cluster.close()
            self._cluster = cluster
            for lane in ("job", "drive"):
                cluster.listen(lane, self._hear)
            if self._warm:
                self._warm_up("live")
                self._warm_up("job")
            self._dispatch()
        self._up.set()
        self._watch(cluster)

    def _warm_up(self, lane: str) -> None:
        future = self._cluster.submit(
            lane, f"warm-{lane}-{time.time_ns()}", work.warm_up, dict(tasks.TASKS), lane
        )
        self._warming.add(future.key)
        future.add_done_callback(lambda done: self._warming.discard(done.key))

    def _watch(self, cluster: Cluster) -> None:
        """Notices that the private cluster's process has gone; only a person or the system ends it."""
        if not cluster.private:
            return
        cluster.wait()
        with self._lock:
            if self._closed:
                return
            self._cluster = None
            for record in self._ledger.busy():
                self._ledger.settle(record, KILLED.format(times="with the engine"), "failed")
            self._fail("The engine's process was ended from outside. Next: restart the studio.")

    def close(self) -> None:
        """Ends all processes of the engine; what waited runs after the next start."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.close()
        self._fail(self._down or "The engine is closed.")

    def status(self) -> str:
        """ "starting", "warming up", "ready", or "down: " and why."""
        if self._down:
            return f"down: {self._down}"
        if self._cluster is None:
            return "starting"
        return "warming up" if self._warming else "ready"

    # Jobs

    def submit(self, task: str, settings: Settings, inputs: tasks.Inputs, owner: str = "local") -> Job:
        """Queues a task and answers at once.

        Raises:
            InvalidInput: if the task, its settings or its inputs are not right.
            Unavailable: if the engine is down.
            NoRoom: if the disk is full.
        """
        found = self._checked(task, settings, inputs)
        with self._lock:
            self._check_up()
            record = self._ledger.add(found, settings, inputs, owner)
            self._dispatch()
            return self._ledger.snapshot(record)

    def job(self, id: str, owner: str = "local") -> Job:
        """The job as it stands. Raises `Unavailable` if there is none, or it is another owner's."""
        with self._lock:
            return self._ledger.snapshot(self._find(id, owner))

    def jobs(self, owner: str = "local", limit: int = 20) -> list[Job]:
        """The owner's jobs, newest first."""
        with self._lock:
            if not hasattr(self, "_ledger"):
                return []
            return [self._ledger.snapshot(record) for record in self._ledger.newest(owner, limit)]

    def cancel(self, id: str, owner: str = "local") -> None:
        """Ends a queued job at once; asks a running one to stop, and restarts its process if it does not.

        A task that stops returns its best so far, which is then the job's result.
        """
        with self._lock:
            record = self._find(id, owner)
            if record.state == "queued":
                self._ledger.queue.remove(record)
                return self._ledger.settle(record, CANCELLED)
            if record.state != "running" or self._cluster is None:
                return
            record.state = "stopping"
            self._ledger.save(record)
            cluster, future = self._cluster, self._futures[record.id]
        cluster.stop(record.id)
        timer = threading.Timer(LET_GO_SECONDS, self._let_go, [record, future])
        timer.daemon = True
        timer.start()

    def remove(self, id: str, owner: str = "local") -> None:
        """Forgets a finished job; the files it made stay while anything else names them."""
        with self._lock:
            self._ledger.remove(self._find(id, owner))

    def keep(self, live: Live, owner: str = "local") -> Job:
        """A live result as a finished job. Raises `NoRoom` if the disk is full."""
        with self._lock:
            self._check_up()
            return self._ledger.snapshot(self._ledger.add_finished(live, owner))

    def _checked(self, task: str, settings: Settings, inputs: tasks.Inputs) -> tasks.Task:
        found = tasks.get(task)
        if not isinstance(settings, found.settings):
            raise InvalidInput(
                f"{task} takes {found.settings.__name__}. Next: build the settings from that class."
            )
        tasks.check_inputs(found, inputs)
        return found

    def _find(self, id: str, owner: str) -> Record:
        if not hasattr(self, "_ledger"):
            self._check_up()
        return self._ledger.find(id, owner)

    def _check_up(self) -> None:
        if self._down:
            raise Unavailable(self._down)

    def _dispatch(self) -> None:
        """Sends on what has room in its lane, in order; the rest waits here, safe from a worker's death."""
        if self._cluster is None:
            return
        for lane in ("job", "drive"):
            waiting = [record for record in self._ledger.queue if record.lane == lane]
            room = (
                self._cluster.slots(lane) - sum(r.lane == lane for r in self._ledger.busy()) if waiting else 0
            )
            for record in waiting[: max(0, room)]:
                self._begin(record)

    def _begin(self, record: Record) -> None:
        self._ledger.queue.remove(record)
        record.state, record.started, record.tries = "running", time.time(), record.tries + 1
        entry = tasks.TASKS.get(record.asked["task"])
        if entry is None:
            return self._ledger.settle(record, "This studio no longer has that task.", "failed")
        self._ledger.save(record)
        key = f"{record.lane}-{record.id}-{record.tries}"
        future = self._cluster.submit(record.lane, key, work.run_job, record.id, record.lane, entry)
        self._futures[record.id] = future
        future.add_done_callback(lambda done: self._ended(record, done))

    def _hear(self, message: dict[str, Any]) -> None:
        """Takes one event of a running job; called in the client's thread."""
        with self._lock:
            record = self._ledger.get(message["id"])
            if record is None or record.finished:
                return
            record.report = store.unpack_report(message["report"])
            record.preview = message["preview"] or record.preview

    def _ended(self, record: Record, future: Future) -> None:
        """Settles a job whose worker is done with it, or dead; called in a thread of Dask's."""
        if future.cancelled():
            return  # its process is being restarted: `_let_go` settles it
        death = self._death(future)
        with self._lock:
            if self._closed or self._cluster is None or self._futures.get(record.id) is not future:
                return
            del self._futures[record.id]
            stopping = record.state == "stopping"
            if (
                death == KILLED
                and not stopping
                and record.tries < MOST_TRIES
                and record.folder.read("outcome") is None
            ):
                record.state = "queued"
                self._ledger.save(record)
                self._ledger.queue.insert(0, record)
            else:
                reason = (
                    work.NOTHING_KEPT
                    if stopping
                    else death.format(times="twice" if record.tries > 1 else "once")
                )
                self._ledger.settle(record, reason, "interrupted" if stopping else "failed")
            self._dispatch()
            if self._warm and isinstance(future.exception(), KilledWorker):
                self._warm_up(record.lane)
            cluster = self._cluster
        if stopping:
            cluster.forget_stop(record.id)

    def _death(self, future: Future) -> str:
        """Why a future has no result, as a sentence; "" if it has one."""
        error = future.exception()
        if error is None:
            return ""
        if isinstance(error, KilledWorker):
            return work.MEMORY if self._cluster and self._cluster.died_of_memory(error) else KILLED
        if isinstance(error, StudioError):
            return str(error)
        return (
            f"The worker could not run it ({type(error).__name__}). Next: see logs/engine.log in STUDIO_HOME."
        )

    def _let_go(self, record: Record, future: Future) -> None:
        """Restarts the process of a job that did not stop in time."""
        with self._lock:
            cluster = self._cluster
            if cluster is None or self._futures.get(record.id) is not future:
                return
        cluster.restart(future)
        with self._lock:
            del self._futures[record.id]
            self._ledger.settle(record, STUCK.format(seconds=LET_GO_SECONDS))
            if self._cluster is not None:
                self._dispatch()
                if self._warm:
                    self._warm_up(record.lane)
        cluster.forget_stop(record.id)

    # The live lane

    def live(self, task: str, settings: Settings, inputs: tasks.Inputs, session: str) -> Live:
        """Runs a task in the live lane, with nothing kept on disk, and waits for it.

        Args:
            session: who asks; of one session one request runs and one waits, the newest.

        Raises:
            Superseded: if the session asked again before this request's turn.
            StudioError: if it fails, or takes longer than LIVE_SECONDS.
        """
        found = self._checked(task, settings, inputs)
        if not self._up.wait(LIVE_SECONDS):
            raise Unavailable("The engine is still starting. Next: try again in a moment.")
        self._check_up()
        with self._turns.take(session):
            answer = self._run_live(found, settings, inputs)
        if "error" in answer:
            raise StudioError(answer["error"])
        recipe = answer.pop("recipe")
        recipe = None if recipe is None else Recipe.model_validate_json(json.dumps(recipe))
        return Live(task=task, settings=settings, inputs=inputs, recipe=recipe, **answer)

    def _run_live(self, task: tasks.Task, settings: Settings, inputs: tasks.Inputs) -> dict[str, Any]:
        cluster = self._cluster
        if cluster is None:
            raise Unavailable(self._down or "The engine is closed.")
        id = f"live-{time.time_ns()}"
        asked = {
            "task": task.name,
            "title": task.title,
            "settings": settings.model_dump(mode="json"),
            "inputs": store.pack_inputs(inputs),
        }
        future = cluster.submit("live", id, work.run_live, id, tasks.TASKS[task.name], asked)
        try:
            return future.result(LIVE_SECONDS)
        except KilledWorker:
            sentence = self._death(future).format(times="once")
            if self._warm:
                self._warm_up("live")
            return {"error": sentence}
        except TimeoutError:
            return self._give_up(cluster, id, future)

    def _give_up(self, cluster: Cluster, id: str, future: Future) -> dict[str, Any]:
        cluster.stop(id)
        try:
            answer = future.result(LET_GO_SECONDS)
        except TimeoutError:
            cluster.restart(future)
            answer = {}
        finally:
            cluster.forget_stop(id)
        late = {"error": f"It took over {LIVE_SECONDS:.0f} s. Next: run it as a job, or try a smaller size."}
        return answer if "data" in answer else late


_connecting = threading.Lock()
_connected: list[Engine] = []


def connect() -> Engine:
    """This process's one engine, started by the first call."""
    with _connecting:
        if not _connected:
            engine = Engine()
            atexit.register(engine.close)
            _connected.append(engine)
        return _connected[0]
