"""The functions that run inside a worker: a job, a live request, a task of a driver, or the warm-up."""

from __future__ import annotations

import errno
import gc
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from distributed import Event, get_worker

from studio.core import amounts, owners, paths, tasks
from studio.core.errors import Cancelled, Discarded, InsufficientSpace, StudioError, of_memory
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.engine.cluster.reports import STREAM_SECONDS, Events, Reporter, best_effort, topic
from studio.engine.jobs import store
from studio.engine.jobs.parts import Outcome, Request

MEMORY = "It needed more memory than its process may have, so it was stopped. Try a smaller size or count."
UNREADABLE = "What it was to do can no longer be read. Request it again."
NOTHING_KEPT = "It was stopped before there was anything to keep."
MOST_LIVE_BYTES = 4_000_000  # 1024 x 1024 px, the largest live image of pages, takes up to 3.2 MB
ASKS_A_SECOND = 20
ABANDONED_SECONDS = 10.0

log = logging.getLogger("studio.engine")


class StopSignal:
    """Returns, when called, whether the user pressed Stop. Asks the scheduler at most ASKS_A_SECOND times.

    Raises `Discarded` if the user pressed Cancel, before or after Stop.
    """

    def __init__(self, id: str):
        self._stop, self._cancel = Event(stop_name(id)), Event(cancel_name(id))
        self._next = 0.0
        self._stopped = self._cancelled = False

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self._cancelled and now >= self._next:
            self._stopped = self._stopped or self._stop.is_set()
            self._cancelled = self._stopped and self._cancel.is_set()
            self._next = time.monotonic() + 1 / ASKS_A_SECOND
        if self._cancelled:
            raise Discarded
        return self._stopped


class Assignment:
    """The current work of this worker: reports that it begins, and checks whether the result is still needed.

    Abandoned work that does not stop would block its lane, so this process then ends itself.
    """

    def __init__(self, id: str, topic: str):
        worker = get_worker()
        key = worker.get_current_task()
        self._task, self._stopped = worker.state.tasks[key], StopSignal(id)
        worker.log_event(topic, {"id": id, "begun": key})
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def is_abandoned(self) -> bool:
        """Whether the result is no longer needed, e.g. because its driver died."""
        return self._task.state == "cancelled"

    def should_stop(self) -> bool:
        """Returns whether to stop. Raises `Discarded` to stop without a result."""
        return self.is_abandoned or self._stopped()

    def _watch(self) -> None:
        since = None
        while self._task.state in ("executing", "long-running", "cancelled"):
            since = (since or time.monotonic()) if self.is_abandoned else None
            if since is not None and time.monotonic() - since > ABANDONED_SECONDS:
                log.warning("%s did not stop, so this process ends", self._task.key)
                os._exit(1)
            time.sleep(1)


def stop_name(id: str) -> str:
    """Returns the name of the event that asks work to stop."""
    return f"studio-stop-{id}"


def cancel_name(id: str) -> str:
    """Returns the name of the event that asks stopping work to keep nothing."""
    return f"studio-cancel-{id}"


def run_job(id: str, lane: str, entry: str) -> None:
    """Runs the job in STUDIO_HOME/jobs/ID and writes its outcome there. Every error becomes an outcome.

    Args:
        id: of the job.
        lane: the lane that it runs in.
        entry: the task's entry in the server's registry, `module:NAME`.

    Raises:
        InsufficientSpace: if not even the outcome can be written.
    """
    folder = store.Folder(paths.folder("jobs") / id)
    if folder.read(Outcome) is not None:
        return  # already done: Dask reruns it if the worker died before it reported the result
    assignment = Assignment(id, topic(lane))
    request = folder.read(Request)
    with best_effort("the old curve", id):
        folder.start_over()
    reporter = Reporter(id, lane, folder)

    def work() -> tasks.Result:
        if request is None:
            raise StudioError(UNREADABLE)
        result = _run(entry, request, Progress(reporter, assignment.should_stop))
        if result.files:
            folder.show_result(result.files[0])
        return result

    outcome = _outcome(work, request.title if request else id)
    if assignment.is_abandoned:
        return  # the server has settled it, or it runs again elsewhere
    if outcome.error:
        reporter.save_preview()
    outcome.report = reporter.last
    folder.write(Outcome, outcome)


def run_live(id: str, entry: str, request: Request, streams: bool) -> tuple[Outcome, bytes, float]:
    """Runs a task without storing anything on disk.

    Args:
        id: of the request.
        entry: the task's entry in the server's registry, `module:NAME`.
        request: the request.
        streams: whether to send its reports.

    Returns:
        The outcome, the bytes of the main file, and the duration in seconds.
    """
    start, data = time.monotonic(), b""

    def work() -> tasks.Result:
        nonlocal data
        with tasks.in_memory():
            progress = Progress(
                Events(id, topic("live")) if streams else None, StopSignal(id), STREAM_SECONDS
            )
            result = _run(entry, request, progress)
            data = _not_too_large(result.files[0].read())
        return result

    return _outcome(work, request.title), data, time.monotonic() - start


def run_for_driver(id: str, topic: str, entry: str, request: Request) -> Outcome:
    """Runs a task for a driver, see `studio.engine.cluster.drivers`. Only its files are stored."""
    progress = Progress(Events(id, topic, previews=False), Assignment(id, topic).should_stop)
    return _outcome(lambda: _run(entry, request, progress), request.title)


def _not_too_large(data: bytes) -> bytes:
    if len(data) > MOST_LIVE_BYTES:
        most = amounts.size(MOST_LIVE_BYTES)
        raise InsufficientSpace(
            f"The result has {amounts.size(len(data))}; a live one has {most} at most. "
            "Run it as a job, or make it smaller."
        )
    return data


def _run(entry: str, request: Request, progress: Progress) -> tasks.Result:
    tasks.TASKS.setdefault(request.task, entry)  # the server may have registered further tasks
    settings = tasks.get(request.task).settings.from_plain(request.settings)
    with owners.acting_as(request.owner, makes=True), pretrained.using(request.weights):
        result = tasks.perform(tasks.get(request.task), settings, request.inputs, progress)
    return replace(result, figures=store.plain(dict(result.figures)))


def _outcome(work: Callable[[], tasks.Result | None], title: str) -> Outcome:
    """Returns the outcome of `work`: its result, or its error as one sentence; the log has the details."""
    try:
        return Outcome.model_construct(result=work())
    except (Cancelled, Discarded):
        return Outcome(error=NOTHING_KEPT, cancelled=True)
    except StudioError as error:
        return Outcome(error=str(error))
    except Exception as error:
        log.exception("%s failed", title)
        return Outcome(error=sentence(error, title))


def sentence(error: Exception, title: str) -> str:
    """Returns the message to the user about an unexpected error of a task with this title."""
    if of_memory(error):
        return MEMORY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full, so nothing could be saved. Free some space and run it again."
    log_path = paths.folder("logs") / "engine.log"
    fault = f"{title} met a fault of the studio itself ({type(error).__name__})"
    return f"{fault}. Run it again; {log_path} says more."


def warm_up(entries: dict[str, str], lane: str) -> None:
    """Loads the models that work without Keras, so the first click does not wait."""
    _prepare(entries, "prepare")
    log.info("%s lane: ready", lane)


def warm_up_keras(entries: dict[str, str], lane: str, least_free: float = 0.0) -> None:
    """Imports Keras and loads its weights that are on disk.

    The live lane does so in a thread, so live requests do not wait for seconds.

    Args:
        entries: the task registry, `{name: "module:NAME"}`.
        lane: the lane of this worker.
        least_free: free bytes of memory; with fewer, Keras is loaded by the first task that needs it.
    """
    if limits.free_memory() < least_free:
        log.info("%s lane: Keras is loaded when it is needed, since memory is short", lane)
    elif lane == "live":
        threading.Thread(target=_load_keras, args=(entries, lane), daemon=True).start()
    else:
        _load_keras(entries, lane)


def _load_keras(entries: dict[str, str], lane: str) -> None:
    import keras

    log.info("%s lane: Keras %s on %s", lane, keras.__version__, keras.backend.backend())
    _prepare(entries, "prepare_keras")


def _prepare(entries: dict[str, str], field: str) -> None:
    for entry in entries.values():
        task = tasks.import_object(entry)
        if name := getattr(task, field):
            _outcome(partial(tasks.import_object(name), task.settings()), task.title)
    gc.collect()
    gc.freeze()  # loaded objects stay, so later collections need not scan them


def lower_priority(lane: str) -> None:
    """Lowers the priority below pages and the live lane, and lets the OOM killer end this process first."""
    if lane != "live":
        os.nice(10)
    try:
        with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
            score.write("800" if lane == "job" else "500")
    except OSError:
        log.debug("no /proc here")
