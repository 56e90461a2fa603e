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

RUNS = 3  # timed runs, after a first one that loads and compiles


@dataclass(frozen=True)
class Benchmark:
    """A benchmark.

    Attributes:
        title: its title for users.
        task: the name of the task to time.
        settings: of the task.
        slot: the input slot of the sample photo; "" for none.
        weights: names of the weights it uses. It is skipped if one would have to be downloaded.
    """

    title: str
    task: str
    settings: Mapping[str, Any]
    slot: str = ""
    weights: tuple[str, ...] = ()


BENCHMARKS = (
    Benchmark("a house style, 512 px", "style.transfer", {"house": ("mosaic",), "size": 512}, "content"),
    Benchmark("64 faces, 64 px", "faces.draw", {"preset": "faces-dcgan", "n": 64}),
    Benchmark("64 digits, 28 px", "faces.draw", {"preset": "digits-vae", "n": 64}),
    Benchmark("1,000 characters", "text.write", {"prompt": "O, what", "chars": 1000}),
    Benchmark(
        "what a photo shows",
        "classify.predict",
        {"preset": "imagenet-resnet50"},
        "images",
        ("resnet50", "imagenet-labels"),
    ),
    Benchmark(
        "two passes of VGG16, forward and back, 512 px",
        "dream.ascend",
        {"backbone": "vgg16", "layers": ("block5_conv1",), "size": 512, "octaves": 1, "steps": 2},
        "content",
        ("vgg16",),
    ),
)


@dataclass(frozen=True)
class BenchmarkResult:
    """The result of a benchmark.

    Attributes:
        title: of the benchmark.
        seconds: the median of `RUNS` runs; None if it was skipped.
        note: why it was skipped, or "".
    """

    title: str
    seconds: float | None
    note: str = ""


def run_benchmarks(progress: Progress | None = None) -> Iterator[BenchmarkResult]:
    """Runs all benchmarks in this process and yields their results. Downloads nothing, and stores nothing.

    Args:
        progress: receives the title of each benchmark.

    Raises:
        StudioError: if the installation is incomplete.
        Cancelled: between two benchmarks, if the user asked to stop.
    """
    progress = progress or Progress()
    photo = sample_photos.find_path("chelsea")
    with tasks.store_in_memory():
        file = File.store(photo.read_bytes(), "image", photo.name)
        for number, benchmark in enumerate(BENCHMARKS):
            progress.report(number, len(BENCHMARKS), text=benchmark.title)
            missing_weights = [name for name in benchmark.weights if not pretrained.get_status(name).cached]
            if missing_weights:
                yield BenchmarkResult(
                    benchmark.title, None, f"needs `studio weights pull {' '.join(missing_weights)}` first"
                )
            else:
                yield BenchmarkResult(
                    benchmark.title,
                    _measure_seconds(benchmark, {benchmark.slot: [file]} if benchmark.slot else {}),
                )


def _measure_seconds(benchmark: Benchmark, inputs: tasks.Inputs) -> float:
    """Returns the median duration of RUNS runs in seconds, after a first one."""
    settings = tasks.get(benchmark.task).settings.parse(benchmark.settings)
    seconds = []
    for _ in range(1 + RUNS):
        start = time.perf_counter()
        tasks.run(benchmark.task, settings, inputs)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])
