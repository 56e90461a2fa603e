"""The functions that run inside a worker: a job, a live request, a task of a driver, or the warm-up."""

from __future__ import annotations

import errno
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from distributed import Event, get_worker

from studio.core import amounts, owners, paths, tasks
from studio.core.errors import Cancelled, Discarded, InsufficientSpace, StudioError, is_out_of_memory
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.engine.cluster.reports import STREAM_SECONDS, EventSender, Reporter, best_effort, topic_of
from studio.engine.jobs import store
from studio.engine.jobs.records import Outcome, Request

OUT_OF_MEMORY = (
    "It needed more memory than its process may have, so it was stopped. Try a smaller size or count."
)
UNREADABLE = "What it was to do can no longer be read. Request it again."
NOTHING_KEPT = "It was stopped before there was anything to keep."
MAX_LIVE_BYTES = 4_000_000  # 1024 x 1024 px, the largest live image of pages, takes up to 3.2 MB
POLLS_PER_SECOND = 20
ABANDONED_SECONDS = 10.0

_START_TIME = time.time()
log = logging.getLogger("studio.engine")


class StopSignal:
    """Returns, when called, whether the user pressed Stop. Asks the scheduler at most POLLS_PER_SECOND times.

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
            self._next = time.monotonic() + 1 / POLLS_PER_SECOND
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
        threading.Thread(target=self._exit_if_abandoned, daemon=True).start()

    @property
    def is_abandoned(self) -> bool:
        """Whether the result is no longer needed, e.g. because its driver died."""
        return self._task.state == "cancelled"

    def should_stop(self) -> bool:
        """Returns whether to stop. Raises `Discarded` to stop without a result."""
        return self.is_abandoned or self._stopped()

    def _exit_if_abandoned(self) -> None:
        """Ends this process if the work was abandoned for ABANDONED_SECONDS. Runs in a thread."""
        abandoned_since = None
        while self._task.state in ("executing", "long-running", "cancelled"):
            abandoned_since = (abandoned_since or time.monotonic()) if self.is_abandoned else None
            if abandoned_since is not None and time.monotonic() - abandoned_since > ABANDONED_SECONDS:
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
    folder = store.Folder(paths.ensure_folder("jobs") / id)
    if folder.read(Outcome) is not None:
        return  # already done: Dask reruns it if the worker died before it reported the result
    assignment = Assignment(id, topic_of(lane))
    request = folder.read(Request)
    with best_effort("the old curve", id):
        folder.remove_history()
    reporter = Reporter(id, lane, folder)
    with _record_errors(request.title if request else id) as outcome:
        if request is None:
            raise StudioError(UNREADABLE)
        result = _run_task(entry, request, Progress(reporter, assignment.should_stop))
        if result.files:
            folder.write_thumbnails(result.files[0])
        outcome.result = result
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
    with _record_errors(request.title) as outcome, tasks.store_in_memory():
        sender = EventSender(id, topic_of("live")) if streams else None
        result = _run_task(entry, request, Progress(sender, StopSignal(id), STREAM_SECONDS))
        data = _check_live_size(result.files[0].read())
        outcome.result = result
    return outcome, data, time.monotonic() - start


def run_for_driver(id: str, topic: str, entry: str, request: Request) -> Outcome:
    """Runs a task for a driver, see `studio.engine.cluster.drivers`. Only its files are stored."""
    progress = Progress(EventSender(id, topic, previews=False), Assignment(id, topic).should_stop)
    with _record_errors(request.title) as outcome:
        outcome.result = _run_task(entry, request, progress)
    return outcome


def _check_live_size(data: bytes) -> bytes:
    """Returns the bytes of a live result. Raises `InsufficientSpace` if there are too many."""
    if len(data) > MAX_LIVE_BYTES:
        most = amounts.format_bytes(MAX_LIVE_BYTES)
        raise InsufficientSpace(
            f"The result has {amounts.format_bytes(len(data))}; a live one has {most} at most. "
            "Run it as a job, or make it smaller."
        )
    return data


def _run_task(entry: str, request: Request, progress: Progress) -> tasks.Result:
    """Runs the task of a request for its owner, with its weights; the figures become JSON data."""
    tasks.TASKS.setdefault(request.task, entry)  # the server may have registered further tasks
    settings = tasks.get(request.task).settings.from_plain(request.settings)
    with owners.acting_as(request.owner, makes_results=True), pretrained.pin(request.weights):
        result = tasks.run_checked(tasks.get(request.task), settings, request.inputs, progress)
    return replace(result, figures=store.to_json_data(dict(result.figures)))


@contextmanager
def _record_errors(title: str) -> Iterator[Outcome]:
    """Yields an outcome, to set its result; an error becomes one sentence, and the log has the details.

    Args:
        title: of the task, for an unexpected error.
    """
    outcome = Outcome.model_construct()
    try:
        yield outcome
    except (Cancelled, Discarded):
        outcome.error, outcome.cancelled = NOTHING_KEPT, True
    except StudioError as error:
        outcome.error = str(error)
    except Exception as error:
        log.exception("%s failed", title)
        outcome.error = describe_error(error, title)


def describe_error(error: Exception, title: str) -> str:
    """Returns the message to the user about an unexpected error of a task with this title."""
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full, so nothing could be saved. Free some space and run it again."
    if _is_code_changed():
        return f"{title} failed, and the studio's code has changed since it started. Restart the studio."
    log_path = paths.ensure_folder("logs") / "engine.log"
    sentence_start = f"{title} met a fault of the studio itself ({type(error).__name__})"
    return f"{sentence_start}. Run it again; {log_path} says more."


def _is_code_changed() -> bool:
    """Returns whether a loaded module of the studio was changed on disk after this process had started."""
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "studio"]
    files = [file for module in modules if (file := getattr(module, "__file__", None))]
    try:
        return any(Path(file).stat().st_mtime > _START_TIME for file in files)
    except OSError:  # a module was deleted
        return True


def warm_up(entries: dict[str, str], lane: str) -> None:
    """Loads the models that work without Keras, so the first click does not wait."""
    _run_preparations(entries, "prepare")
    log.info("%s lane: ready", lane)


def warm_up_keras(entries: dict[str, str], lane: str, least_free: float = 0.0) -> None:
    """Imports Keras and loads its weights that are on disk.

    The live lane does so in a thread, so live requests do not wait for seconds.

    Args:
        entries: the task registry, `{name: "module:NAME"}`.
        lane: the lane of this worker.
        least_free: free bytes of memory; with fewer, Keras is loaded by the first task that needs it.
    """
    if limits.read_free_memory() < least_free:
        log.info("%s lane: Keras is loaded when it is needed, since memory is short", lane)
    elif lane == "live":
        threading.Thread(target=_load_keras, args=(entries, lane), daemon=True).start()
    else:
        _load_keras(entries, lane)


def _load_keras(entries: dict[str, str], lane: str) -> None:
    """Imports Keras and loads its weights that are on disk."""
    import keras

    log.info("%s lane: Keras %s on %s", lane, keras.__version__, keras.backend.backend())
    _run_preparations(entries, "prepare_keras")


def _run_preparations(entries: dict[str, str], field: str) -> None:
    """Calls the function that each task names in `field`, `prepare` or `prepare_keras`."""
    for entry in entries.values():
        task = tasks.import_object(entry)
        if name := getattr(task, field):
            with _record_errors(task.title):
                tasks.import_object(name)(task.settings())
    gc.collect()
    gc.freeze()  # loaded objects stay, so later collections need not scan them


def lower_priority(lane: str) -> None:
    """Lowers the priority below pages and the live lane, and lets the OOM killer end this process first."""
    if lane != "live":
        os.nice(10)
    try:
        with open("/proc/self/oom_score_adj", "w") as oom_file:  # noqa: PTH123
            oom_file.write("800" if lane == "job" else "500")
    except OSError:
        log.debug("no /proc here")
