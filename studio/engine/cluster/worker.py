"""What runs inside a worker: one job, one live request, or the warm-up."""

from __future__ import annotations

import errno
import gc
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from distributed import Event, get_worker

from studio.core import amounts, owners, paths, tasks
from studio.core.errors import Cancelled, Discarded, NoRoom, StudioError, of_memory
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.engine.cluster.reports import STREAM_SECONDS, Reporter, Streamer, spared, topic
from studio.engine.jobs import store

MEMORY = "It needed more memory than its process may have, so it was stopped. Try a smaller size or count."
NOTHING_KEPT = "It was stopped before there was anything to keep."
MOST_LIVE_BYTES = 4_000_000  # a picture of 1024 px a side, the largest that pages show live, has up to 3.2
ASKS_A_SECOND = 20
GONE_SECONDS = 10.0

log = logging.getLogger("studio.engine")
T = TypeVar("T")


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


class Wish:
    """What this worker was asked to do now: says that it begins, and whether anyone still waits for it.

    What nobody waits for and does not stop holds its lane up: then this process ends itself.
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
    if folder.read("outcome") is not None:
        return  # already done: Dask runs it again if the worker died before the server heard of the result
    wish = Wish(id, topic(lane))
    asked = folder.read("job") or {}
    with spared("the old curve", id):
        folder.start_over()
    reporter = Reporter(id, lane, folder)

    def work() -> dict[str, Any]:
        result = _run(asked["task"], entry, asked, Progress(reporter, wish.withdrawn))
        if result.files:
            folder.show_result(result.files[0])
        return {"result": store.pack_result(result)}

    outcome = _outcome(work, asked.get("title", id))
    if wish.gone:
        return  # the server has settled it without us, or another one runs it again
    if "error" in outcome:
        reporter.save_preview()
    last = None if reporter.last is None else store.pack_report(reporter.last)
    folder.write("outcome", {**outcome, "report": last})


def run_live(id: str, entry: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Runs a task with nothing kept on disk.

    Returns:
        `{"data", "kind", "name", "figures", "recipe", "stopped_early", "seconds"}`, or `{"error"}`.
    """

    def work() -> dict[str, Any]:
        start = time.monotonic()
        with tasks.in_memory():
            listener = Streamer(id, topic("live"), previews=True) if asked["stream"] else None
            progress = Progress(listener, StopSignal(id), STREAM_SECONDS)
            result = _run(asked["task"], entry, asked, progress)
            main = result.files[0]
            packed = store.pack_result(result)
            return {
                "data": _not_too_large(main.read()),
                "kind": main.kind,
                "name": main.name,
                "figures": packed["figures"],
                "recipe": packed["recipe"],
                "stopped_early": result.stopped_early,
                "seconds": time.monotonic() - start,
            }

    return _outcome(work, asked["title"])


def run_errand(id: str, topic: str, entry: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Runs a task for a driver, see `studio.engine.cluster.drivers`; its files are kept, nothing else is.

    Returns:
        `{"result"}`, or `{"error"}`.
    """
    wish = Wish(id, topic)

    def work() -> dict[str, Any]:
        progress = Progress(Streamer(id, topic), wish.withdrawn)
        return {"result": store.pack_result(_run(asked["task"], entry, asked, progress))}

    return _outcome(work, asked["title"])


def _not_too_large(data: bytes) -> bytes:
    if len(data) > MOST_LIVE_BYTES:
        most = amounts.size(MOST_LIVE_BYTES)
        raise NoRoom(
            f"The result has {amounts.size(len(data))}; a live one has {most} at most. "
            "Run it as a job, or make it smaller."
        )
    return data


def _run(name: str, entry: str, asked: dict[str, Any], progress: Progress) -> tasks.Result:
    tasks.TASKS.setdefault(name, entry)  # the server may know tasks that this process has not met
    settings = tasks.get(name).settings.from_plain(asked["settings"])
    with owners.asking(asked.get("owner", owners.NOBODY)), pretrained.using(asked.get("weights") or {}):
        return tasks.perform(tasks.get(name), settings, store.unpack_inputs(asked["inputs"]), progress)


def _outcome(work: Callable[[], dict[str, Any]], title: str) -> dict[str, Any]:
    """What `work` returns, or the error as one sentence; the log has the rest."""
    try:
        return work()
    except (Cancelled, Discarded):
        return {"error": NOTHING_KEPT, "cancelled": True}
    except StudioError as error:
        return {"error": str(error)}
    except Exception as error:
        log.exception("%s failed", title)
        return {"error": sentence(error, title)}


def sentence(error: Exception, title: str) -> str:
    """What a person is told of a fault of a task with such a title."""
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

    The live lane does so beside what it is asked: whoever draws then would wait for seconds.

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
            _outcome(partial(_prepared, name, task), task.title)
    gc.collect()
    gc.freeze()  # what is loaded now stays: later collections need not walk it again


def _prepared(name: str, task: tasks.Task) -> dict[str, Any]:
    tasks.imported(name)(task.settings())
    return {}


def be_polite(lane: str) -> None:
    """Lets pages and the live lane go first, and the system end this process first when memory is short."""
    if lane != "live":
        os.nice(10)
    try:
        with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
            score.write("800" if lane == "job" else "500")
    except OSError:
        log.debug("no /proc here")
