"""Benchmarks this machine: runs each kind of task a few times after a warm-up."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.core import tasks
from studio.core.imaging import sample_photos
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.core.weights import pretrained

TIMES = 3  # after a first run, which loads and compiles


@dataclass(frozen=True)
class Timing:
    """A benchmark.

    Attributes:
        title: its title for users.
        task: the name of the task to time.
        settings: of the task.
        slot: the input slot of the sample photo; "" for none.
        needs: names of the weights it uses. It is skipped if one would have to be downloaded.
    """

    title: str
    task: str
    settings: Mapping[str, Any]
    slot: str = ""
    needs: tuple[str, ...] = ()


TIMINGS = (
    Timing("a house style, 512 px", "style.transfer", {"house": ("mosaic",), "size": 512}, "content"),
    Timing("64 faces, 64 px", "faces.draw", {"preset": "faces-dcgan", "n": 64}),
    Timing("64 digits, 28 px", "faces.draw", {"preset": "digits-vae", "n": 64}),
    Timing("1,000 characters", "text.write", {"prompt": "O, what", "chars": 1000}),
    Timing(
        "what a photo shows",
        "classify.predict",
        {"preset": "imagenet-resnet50"},
        "images",
        ("resnet50", "imagenet-labels"),
    ),
    Timing(
        "two passes of VGG16, forward and back, 512 px",
        "dream.ascend",
        {"backbone": "vgg16", "layers": ("block5_conv1",), "size": 512, "octaves": 1, "steps": 2},
        "content",
        ("vgg16",),
    ),
)


@dataclass(frozen=True)
class TimingResult:
    """The result of a benchmark.

    Attributes:
        title: of the benchmark.
        seconds: the median of `TIMES` runs; None if it was skipped.
        note: why it was skipped, or "".
    """

    title: str
    seconds: float | None
    note: str = ""


def measure(progress: Progress | None = None) -> Iterator[TimingResult]:
    """Runs all benchmarks in this process. Downloads nothing, and stores no results.

    Args:
        progress: receives the title of each benchmark.

    Raises:
        StudioError: if the installation is incomplete.
        Cancelled: between two benchmarks, if the user asked to stop.
    """
    progress = progress or Progress()
    photo = sample_photos.find_path("chelsea")
    with tasks.in_memory():
        file = File.keep(photo.read_bytes(), "image", photo.name)
        for number, timing in enumerate(TIMINGS):
            progress.report(number, len(TIMINGS), text=timing.title)
            absent = [name for name in timing.needs if not pretrained.status(name).cached]
            if absent:
                yield TimingResult(
                    timing.title, None, f"needs `studio weights pull {' '.join(absent)}` first"
                )
            else:
                yield TimingResult(
                    timing.title, _seconds(timing, {timing.slot: [file]} if timing.slot else {})
                )


def _seconds(timing: Timing, inputs: tasks.Inputs) -> float:
    settings = tasks.get(timing.task).settings.parse(timing.settings)
    seconds = []
    for _ in range(1 + TIMES):
        start = time.perf_counter()
        tasks.run(timing.task, settings, inputs)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])
