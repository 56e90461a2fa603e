"""A task without weights that inverts an image step by step. Importing it adds the command `invert`."""

from __future__ import annotations

import os
import time
from typing import Literal

from studio.core import recipes, tasks
from studio.core.errors import Cancelled
from studio.core.imaging import image_io
from studio.core.settings import Settings, setting


class ResourceExhaustedError(Exception):
    """Has the name of TensorFlow's error."""


class PaintSettings(Settings):
    steps: int = setting(3, "Passes.", tier="main", ge=1, le=1000)
    seconds: float = setting(0.0, "Of each pass.", ge=0, le=10, unit="s")
    tint: Literal["none", "red", "blue"] = setting("none", "Color over all.")
    mirror: bool = setting(False, "Left for right.")
    levels: tuple[float, ...] = setting((), "Added to each channel.", max_length=3)
    fault: Literal["none", "bug", "memory", "device", "disk"] = setting("none", "What goes wrong.")
    seed: int = setting(0, "Seed.", ge=0)


def run(settings, inputs, progress):
    os.write(2, b"a native library says something\n")
    fault = {
        "bug": ZeroDivisionError("by nought"),
        "memory": MemoryError(),
        "device": ResourceExhaustedError("OOM when allocating tensor"),
        "disk": OSError(5, "I/O error"),
    }
    if settings.fault in fault:
        raise fault[settings.fault]
    content = image_io.read(inputs["content"][0].read())
    done, stopped = 0, False
    try:
        for done in range(1, settings.steps + 1):
            _work(settings.seconds, progress)
            progress.report(done, settings.steps, {"loss": 1 / done}, preview=lambda: content)
    except Cancelled:
        stopped = True
    result = 255 - content[:, ::-1] if settings.mirror else 255 - content
    recipe = recipes.make("fake.paint", settings, inputs)
    file = tasks.File.store(image_io.encode_png(result, recipe), "image", "painted.png")
    return tasks.Result((file,), {"passes": done, "loss": float("nan")}, recipe, stopped)


def _work(seconds, progress):
    """Takes the time of a pass. Writes to stderr once if the user asks it to stop meanwhile."""
    end, was_asked = time.monotonic() + seconds, False
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.02))
        try:
            progress.check()
        except Cancelled:
            if not was_asked:
                os.write(2, b"asked to stop\n")
            was_asked = True


PAINT = tasks.Task(
    name="fake.paint",
    settings=PaintSettings,
    inputs=(tasks.Slot("content", "image"), tasks.Slot("mask", "image", 0, 2, flag="--mask")),
    produces="image",
    lane="job",
    work=f"{__name__}:run",
    title="Paint",
    command="invert",
    help="invert",
)
tasks.TASKS["fake.paint"] = f"{__name__}:PAINT"
