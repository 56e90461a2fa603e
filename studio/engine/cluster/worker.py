"""What runs inside a worker: one job, one live request, or the warm-up."""

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
from studio.core.errors import Cancelled, Discarded, NoRoom, StudioError, of_memory
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.engine.cluster.reports import STREAM_SECONDS, Events, Reporter, best_effort, topic
from studio.engine.jobs import store
from studio.engine.jobs.parts import Outcome, Request

MEMORY = "It needed more memory than its process may have, so it was stopped. Try a smaller size or count."
UNREADABLE = "What it was to do can no longer be read. Request it again."
NOTHING_KEPT = "It was stopped before there was anything to keep."
MOST_LIVE_BYTES = 4_000_000  # an image of 1024 px a side, the largest that pages show live, has up to 3.2
ASKS_A_SECOND = 20
GONE_SECONDS = 10.0

log = logging.getLogger("studio.engine")


class StopSignal:
    """Whether the user pressed Stop: asks the scheduler, at most ASKS_A_SECOND times a second.

    Raises `Discarded` once the user pressed Cancel, before or after Stop.
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
    """The work of this worker now: reports that it begins, and tells whether anyone still waits for it.

    Work that nobody waits for and that does not stop blocks its lane: then this process ends itself.
    """

    def __init__(self, id: str, topic: str):
        worker = get_worker()
        key = worker.get_current_task()
        self._task, self._stopped = worker.state.tasks[key], StopSignal(id)
        worker.log_event(topic, {"id": id, "begun": key})
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def gone(self) -> bool:
        """Whether nobody waits for it any more, as when its driver died; Dask has no use for it then."""
        return self._task.state == "cancelled"

    def withdrawn(self) -> bool:
        """Whether it is to stop. Raises `Discarded` if it is to stop and to keep nothing."""
        return self.gone or self._stopped()

    def _watch(self) -> None:
        since = None
        while self._task.state in ("executing", "long-running", "cancelled"):
            since = (since or time.monotonic()) if self.gone else None
            if since is not None and time.monotonic() - since > GONE_SECONDS:
                log.warning("%s did not stop, so this process ends", self._task.key)
                os._exit(1)
            time.sleep(1)


def stop_name(id: str) -> str:
    """The name of the event that asks a job to stop."""
    return f"studio-stop-{id}"


def cancel_name(id: str) -> str:
    """The name of the event that tells a job that stops to keep nothing."""
    return f"studio-cancel-{id}"


def run_job(id: str, lane: str, entry: str) -> None:
    """Runs the job in STUDIO_HOME/jobs/ID and writes its outcome there; whatever goes wrong is an outcome.

    Args:
        entry: the task's line in the server's registry.

    Raises:
        NoRoom: if not even the outcome can be written.
    """
    folder = store.Folder(paths.folder("jobs") / id)
    if folder.read(Outcome) is not None:
        return  # already done: Dask runs it again if the worker died before the server heard of the result
    assignment = Assignment(id, topic(lane))
    request = folder.read(Request)
    with best_effort("the old curve", id):
        folder.start_over()
    reporter = Reporter(id, lane, folder)

    def work() -> tasks.Result:
        if request is None:
            raise StudioError(UNREADABLE)
        result = _run(entry, request, Progress(reporter, assignment.withdrawn))
        if result.files:
            folder.show_result(result.files[0])
        return result

    outcome = _outcome(work, request.title if request else id)
    if assignment.gone:
        return  # the server has settled it without us, or another one runs it again
    if outcome.error:
        reporter.save_preview()
    outcome.report = reporter.last
    folder.write(Outcome, outcome)


def run_live(id: str, entry: str, request: Request, streams: bool) -> tuple[Outcome, bytes, float]:
    """Runs a task with nothing kept on disk.

    Args:
        streams: whether somebody listens to its reports.

    Returns:
        What came of it, the bytes of the main file, and the seconds that it took.
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


def run_errand(id: str, topic: str, entry: str, request: Request) -> Outcome:
    """Runs a task for a driver, see `studio.engine.cluster.drivers`; its files are kept, nothing else is."""
    progress = Progress(Events(id, topic, previews=False), Assignment(id, topic).withdrawn)
    return _outcome(lambda: _run(entry, request, progress), request.title)


def _not_too_large(data: bytes) -> bytes:
    if len(data) > MOST_LIVE_BYTES:
        most = amounts.size(MOST_LIVE_BYTES)
        raise NoRoom(
            f"The result has {amounts.size(len(data))}; a live one has {most} at most. "
            "Run it as a job, or make it smaller."
        )
    return data


def _run(entry: str, request: Request, progress: Progress) -> tasks.Result:
    tasks.TASKS.setdefault(request.task, entry)  # the server may know tasks that this process has not met
    settings = tasks.get(request.task).settings.from_plain(request.settings)
    with owners.asking(request.owner, makes=True), pretrained.using(request.weights):
        result = tasks.perform(tasks.get(request.task), settings, request.inputs, progress)
    return replace(result, figures=store.plain(dict(result.figures)))


def _outcome(work: Callable[[], tasks.Result | None], title: str) -> Outcome:
    """What `work` makes, or the error as one sentence; the log has the rest."""
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
    """What a user is told of a fault of a task with such a title."""
    if of_memory(error):
        return MEMORY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full, so nothing could be saved. Free some space and run it again."
    where = paths.folder("logs") / "engine.log"
    fault = f"{title} met a fault of the studio itself ({type(error).__name__})"
    return f"{fault}. Run it again; {where} says more."


def warm_up(entries: dict[str, str], lane: str) -> None:
    """Loads what draws, writes and paints without Keras, so that the first click does not wait."""
    _prepare(entries, "prepare")
    log.info("%s lane: ready", lane)


def warm_up_keras(entries: dict[str, str], lane: str, least_free: float = 0.0) -> None:
    """Imports Keras and loads the weights for it that are already here.

    The live lane does so next to what it is asked: whoever draws then would wait for seconds.

    Args:
        least_free: bytes of memory; with fewer it waits for the first task that needs it.
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


def _prepare(entries: dict[str, str], how: str) -> None:
    for entry in entries.values():
        task = tasks.imported(entry)
        if name := getattr(task, how):
            _outcome(partial(tasks.imported(name), task.settings()), task.title)
    gc.collect()
    gc.freeze()  # what is loaded now stays: later collections need not scan it again


def be_polite(lane: str) -> None:
    """Lets pages and the live lane go first, and the system end this process first when memory is short."""
    if lane != "live":
        os.nice(10)
    try:
        with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
            score.write("800" if lane == "job" else "500")
    except OSError:
        log.debug("no /proc here")
