"""A small capability for tests of the engine: counts, sleeps, fills the memory, crashes and draws."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from studio.core import durations, paths, recipes, tasks
from studio.core.errors import Cancelled, InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.settings import Settings, setting
from studio.core.tasks import File, Inputs, Result, Slot, Task
from studio.core.weights import pretrained
from studio.gallery import sweep_settings
from studio.gallery.sweep_settings import SweepSettings

BEGUN_STEP = 10  # at which a chore marks that it has begun: everybody who watches it knows by then
HANG_SECONDS = 1.0  # s instead of 5 and 10, within which a chore that hangs may still stop


class ChoreSettings(Settings):
    """What to do, and how often."""

    do: Literal[
        "count",
        "fill",
        "crash",
        "refuse",
        "fault",
        "hang",
        "import",
        "nothing",
        "slow end",
        "swell",
        "twice",
        "unknown",
    ] = setting("count", "What to do.")
    steps: int = setting(5, "How often.", ge=1, le=100_000)
    pause: float = setting(0.0, "Seconds between two steps.", ge=0, le=60)
    shade: int = setting(128, "Of the result.", ge=0, le=255)
    takes: float = setting(0.0, "Seconds that it is expected to take, 0 for not known.", ge=0, le=10_000)


def estimate_seconds(settings: ChoreSettings, inputs: Inputs) -> float:
    """Estimates `takes` seconds, whatever the measured speed of this machine."""
    return settings.takes / durations.estimate_slowdown("chores.do")


def run(settings: ChoreSettings, inputs: Inputs, progress: Progress) -> Result:
    """Counts the steps, then does what the settings ask for."""
    stopped = False
    try:
        total = 0 if settings.do == "unknown" else settings.steps
        for step in (*range(1, settings.steps + 1),) * (2 if settings.do == "twice" else 1):
            time.sleep(settings.pause)
            progress.report(step, total, {"count": step}, lambda: _make_image(settings.shade))
            if step == BEGUN_STEP:
                get_mark().touch()
            if step == settings.steps // 2 + 1:
                _misbehave(settings.do)
    except Cancelled:
        stopped = True
        if settings.do == "hang":
            from studio.engine.cluster import worker

            worker.ABANDONED_SECONDS = HANG_SECONDS
            time.sleep(3600)
        if settings.do == "slow end":
            for _ in range(100):  # the process asks again meanwhile
                time.sleep(0.05)
                with suppress(Cancelled):
                    progress.check()
    used = dict(pretrained.get_pinned())
    recipe = recipes.Recipe(task="chores.do", settings=settings.model_dump(mode="json"), weights=used)
    data = image_io.encode_png(_make_image(settings.shade), recipe)
    return Result((File.store(data, "image", "chore.png"),), {"steps": np.float32(step)}, recipe, stopped)


def get_mark() -> Path:
    """Returns the file that a chore creates at BEGUN_STEP."""
    return paths.ensure_folder("cache") / "chore has begun"


def _make_image(shade: int) -> np.ndarray:
    return np.full((32, 48, 3), shade, "uint8")


def _misbehave(do: str) -> None:
    if do == "fill":
        hoard = []
        while True:
            hoard.append(np.ones(2**21))
            time.sleep(0.01)
    if do == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "refuse":
        raise InvalidInput("It is not to my taste. Ask for another.")
    if do == "fault":
        raise ZeroDivisionError


def write(settings: ChoreSettings, inputs: Inputs, progress: Progress) -> Result:
    """Writes one letter per step, and reports the text so far."""
    text, stopped = "", False
    try:
        for step in range(1, settings.steps + 1):
            text += chr(ord("a") + step % 26)
            progress.report(step, settings.steps, text=text)
            if step == settings.steps // 2 + 1:
                _misbehave(settings.do)
            time.sleep(settings.pause)
    except Cancelled:
        if settings.do == "nothing":
            raise
        stopped = True
    data = text.encode() * (5_000_000 // len(text) if settings.do == "swell" else 1)
    recipe = recipes.Recipe(task="chores.write", settings=settings.model_dump(mode="json"))
    return Result((File.store(data, "text", "chore.txt"),), {"chars": len(text)}, recipe, stopped)


def report_modules(settings: ChoreSettings, inputs: Inputs, progress: Progress) -> Result:
    """Reports the modules that this process has loaded, and its process id."""
    text = " ".join([str(os.getpid()), *sys.modules])
    return Result((File.store(text.encode(), "text", "modules.txt"),))


def run_sweep(settings: SweepSettings, inputs: Inputs, progress: Progress) -> Result:
    """Runs a sweep in a process that has not imported the chores yet."""
    from studio.engine.cluster import drivers
    from studio.gallery import sweep as sweeping

    if settings.base["do"] == "hang":
        drivers._STOP_SECONDS = HANG_SECONDS
    tasks.TASKS.update(TASKS)
    return sweeping.run(settings, inputs, progress)


DO = Task(
    name="chores.do",
    settings=ChoreSettings,
    inputs=(Slot("image", "image", 0, 1),),
    produces="image",
    lane="job",
    interactive=True,
    work="chores:run",
    title="Chore",
    command="chore",
    help="a chore of the tests",
    estimate_seconds="chores:estimate_seconds",
)
MODULES = Task(
    name="chores.modules",
    settings=ChoreSettings,
    inputs=(),
    produces="text",
    lane="live",
    interactive=True,
    work="chores:report_modules",
    title="Modules",
    command="modules",
    help="a chore of the tests",
)
DRIVE = Task(
    name="chores.drive",
    settings=ChoreSettings,
    inputs=(),
    produces="image",
    lane="drive",
    work="chores:run",
    title="Drive",
    command="drive",
    help="a chore of the tests",
)
WRITE = Task(
    name="chores.write",
    settings=ChoreSettings,
    inputs=(),
    produces="text",
    lane="live",
    interactive=True,
    work="chores:write",
    title="Writing",
    command="",
    help="a chore of the tests",
)
SWEEP = replace(sweep_settings.SWEEP, name="chores.sweep", work="chores:run_sweep", check="", plan_trials="")
TASKS = {
    "chores.sweep": "chores:SWEEP",
    "chores.do": "chores:DO",
    "chores.modules": "chores:MODULES",
    "chores.drive": "chores:DRIVE",
    "chores.write": "chores:WRITE",
}
