"""How fast this machine is at what the studio does: each kind of work done a few times, once it is warm."""

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

TIMES = 3  # after a first one, which loads and compiles


@dataclass(frozen=True)
class Timing:
    """Some work that is timed.

    Attributes:
        title: what it is, in a user's words.
        task: that does it.
        settings: of that.
        slot: where the sample photo goes; "" for none.
        needs: weights that it takes. It is passed over where one would have to be fetched.
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
class Timed:
    """What a timing took.

    Attributes:
        title: of the timing.
        seconds: the median of `TIMES`; None where it was passed over.
        note: why, or "".
    """

    title: str
    seconds: float | None
    note: str = ""


def measure(progress: Progress | None = None) -> Iterator[Timed]:
    """Times one timing after another, in this process. Nothing is fetched, and nothing that is made is kept.

    Args:
        progress: told which timing is on.

    Raises:
        StudioError: if the studio is not whole.
        Cancelled: between two timings, if a user asked to stop.
    """
    progress = progress or Progress()
    photo = sample_photos.path("chelsea")
    with tasks.in_memory():
        file = File.keep(photo.read_bytes(), "image", photo.name)
        for number, timing in enumerate(TIMINGS):
            progress.report(number, len(TIMINGS), text=timing.title)
            absent = [name for name in timing.needs if not pretrained.status(name).cached]
            if absent:
                yield Timed(timing.title, None, f"needs `studio weights pull {' '.join(absent)}` first")
            else:
                yield Timed(timing.title, _seconds(timing, {timing.slot: [file]} if timing.slot else {}))


def _seconds(timing: Timing, inputs: tasks.Inputs) -> float:
    settings = tasks.get(timing.task).settings.parse(timing.settings)
    took = []
    for _ in range(1 + TIMES):
        began = time.perf_counter()
        tasks.run(timing.task, settings, inputs)
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])
