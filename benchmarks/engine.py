"""The engine: how long it takes to start, what a call, a job and a cancel add, what its processes weigh.

    python -m benchmarks.engine [--json] [--size 256]

Runs instant style transfers of sample pictures, so the weights have to be here: `studio weights pull adain`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import psutil

from benchmarks.report import arguments, note, pictures, show
from studio.core import tasks
from studio.core.pictures import images
from studio.engine import Engine, Job
from studio.style.settings import TransferSettings

TASK = "style.transfer"


def _until(holds: Callable[[], object]) -> float:
    """The seconds until something holds."""
    began = time.perf_counter()
    while not holds():
        time.sleep(0.005)
    return time.perf_counter() - began


def _finished(engine: Engine, job: Job) -> Job:
    _until(lambda: engine.job(job.id).finished)
    return engine.job(job.id)


def starting(engine: Engine) -> dict[str, float]:
    """From nothing to a cluster that takes work, and to a live lane that draws, writes and paints."""
    up = _until(lambda: engine.status() != "starting")
    return {"cluster up, s": up, "live lane warm, s": up + _until(lambda: engine.status() == "ready")}


def calls(engine: Engine, settings: TransferSettings, inputs: tasks.Inputs) -> dict[str, float]:
    """What the engine adds to a live request and to a job, beside the work itself."""
    added = []
    for _ in range(6):
        began = time.perf_counter()
        live = engine.live(TASK, settings, inputs, "benchmark")
        added.append(time.perf_counter() - began - live.seconds)
    jobs = [_finished(engine, engine.submit(TASK, settings, inputs)) for _ in range(4)]
    extra = [job.ended - job.created - job.report.seconds for job in jobs[1:] if job.report]
    return {
        "a live call adds, ms": 1000 * statistics.median(added),
        "a job adds, s": statistics.median(extra),
    }


def cancelling(engine: Engine, inputs: tasks.Inputs, size: int) -> dict[str, float]:
    """A fine job is cancelled after its sixth pass: until the call returns, and until the worker is free."""
    job = engine.submit(TASK, TransferSettings(mode="fine", size=size), inputs)
    _until(lambda: (report := engine.job(job.id).report) and report.step >= 6)
    third, *_, last = engine.job(job.id).history[2:]
    began = time.perf_counter()
    engine.stop(job.id)
    shown = time.perf_counter() - began
    _finished(engine, job)
    return {
        "one pass, s": (last["seconds"] - third["seconds"]) / (last["step"] - third["step"]),
        "cancel shown, ms": 1000 * shown,
        "worker free after cancel, s": time.perf_counter() - began,
    }


def weights_of_processes() -> dict[str, float]:
    """Resident memory in MiB."""
    server = psutil.Process()
    children = [child.memory_info().rss for child in server.children(recursive=True)]
    return {"server, MiB": server.memory_info().rss / 2**20, "its children, MiB": sum(children) / 2**20}


def idling(seconds: float = 20) -> dict[str, float]:
    """Percent of one core that the server and its children take while nobody asks for anything."""

    def used() -> dict[int, float]:
        server = psutil.Process()
        times = [(one.pid, one.cpu_times()) for one in (server, *server.children(recursive=True))]
        return {pid: time.user + time.system for pid, time in times}

    time.sleep(5)
    before = used()
    time.sleep(seconds)
    after = used()
    return {"idle, % of a core": 100 * sum(after[pid] - before[pid] for pid in before) / seconds}


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the figures."""
    parser = arguments(__doc__.partition("\n")[0], quick="--size 64 --idle 1")
    parser.add_argument("--size", type=int, default=256, help="longer side of the results, px")
    parser.add_argument("--idle", type=float, default=20, help="seconds of looking at an idle studio")
    chosen = parser.parse_args(argv)
    content, style = (tasks.File.keep(images.encode_png(p), "picture", "benchmark.png") for p in pictures())
    inputs = {"content": [content], "style": [style]}
    note("starting the engine")
    engine = Engine()
    try:
        figures = starting(engine)
        note("calls")
        figures |= calls(engine, TransferSettings(size=chosen.size), inputs)
        note("cancelling a fine job")
        figures |= cancelling(engine, inputs, chosen.size)
        note("idling")
        figures |= weights_of_processes() | idling(chosen.idle)
    finally:
        engine.close()
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
