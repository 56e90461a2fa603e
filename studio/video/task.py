"""Painting a video as a task: each frame through another task, what is done kept until all of it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from studio.core import paths, recipes, tasks
from studio.core.errors import Cancelled, InvalidInput, invalid
from studio.core.imaging import animations, image_io
from studio.core.imaging.frame_times import FrameTimes
from studio.core.imaging.video_span import Span
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result, Task
from studio.core.training import checkpoints
from studio.video.settings import VideoSettings

NAME = "video.repaint"


def check(settings: VideoSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` unless the task can paint every frame with these settings and inputs."""
    task, base = _painter(settings)
    given = {slot: files for slot, files in inputs.items() if slot != "video" and files}
    video = inputs["video"][0]
    animations.length(video.read(), video.name, animations.fastest(settings.video), settings.span)
    frame = File(video.digest, "image", video.name)  # stands for every frame
    tasks.check(task.name, base, {task.inputs[0].name: [frame], **given})


def _painter(settings: VideoSettings) -> tuple[Task, Settings]:
    task = tasks.get(settings.task)
    base = task.settings.from_plain(settings.base)
    if not task.of_a_image or task.makes(base) != "image":
        raise invalid("task", expected="a task that turns an image into an image", received=task.name)
    return task, base


@checkpoints.one_at_a_time(NAME)
def run(settings: VideoSettings, inputs: Inputs, progress: Progress) -> Result:
    """Paints every frame. Cancelled, it gives the video so far; asked again, it continues from there."""
    began = time.monotonic()
    video = inputs["video"][0]
    data = video.read()
    most = animations.fastest(settings.video)
    times = animations.times(data, video.name, most, settings.span)
    if settings.fps:
        times = FrameTimes.even(min(most, settings.fps), times.plays)
    count, transparent = _counted(data, video.name, most, settings.span, progress)
    run = checkpoints.find(NAME, settings, inputs)
    weights: dict[str, str] = {}
    made, painted, stopped = 0, 0, False
    with animations.Video(settings.video, times, transparent) as out:
        try:
            for png, fresh in _painted(settings, inputs, run.folder, count, progress):
                weights |= recipes.read(png).weights
                out.add(image_io.read_transparent(png))
                made, painted = made + 1, painted + fresh
        except Cancelled:
            stopped = True
            if not made:
                raise
        encoded = out.finish()
    seconds = time.monotonic() - began
    recipe = recipes.make(NAME, settings, inputs, weights)
    name = f"{Path(video.name).stem}-{settings.task.partition('.')[0]}.{settings.video}"
    figures = {
        "frames": made,
        "of": count,
        "fps": round(times.fps, 3),
        "seconds": seconds * made / max(1, painted),  # of all frames, at the speed of those of now
    }
    kept = File.keep(encoded, "animation", name)
    if not stopped:
        run.forget()
    return Result((kept,), figures, recipe, stopped)


def _counted(data: bytes, name: str, most: int, span: Span, progress: Progress) -> tuple[int, bool]:
    """How many frames there are, and whether any is transparent.

    All of them are read: damage at the end must not be found after hours of work.

    Raises:
        InvalidInput: as `animations.frames`.
    """
    progress.stage("Reading the video")
    count, transparent = 0, False
    for frame in animations.frames(data, name, most, transparent=True, span=span):
        count, transparent = count + 1, transparent or frame.shape[2] == 4
        progress.check()
    return count, transparent


def _painted(
    settings: VideoSettings, inputs: Inputs, folder: Path, count: int, progress: Progress
) -> Iterator[tuple[bytes, bool]]:
    """Every frame as the task makes it, a PNG, and whether it is new: others lay there since a break."""
    task, base = _painter(settings)
    others = {slot: files for slot, files in inputs.items() if slot != "video" and files}
    video = inputs["video"][0]
    most = animations.fastest(settings.video)
    read = animations.frames(video.read(), video.name, most, transparent=True, span=settings.span)
    for n, frame in enumerate(read, start=1):
        kept = _place(folder, n)
        png = _whole(kept)
        fresh = png is None
        if png is None:
            with tasks.in_memory():  # the frames of a video are nobody's images
                content = File.keep(image_io.encode_png(frame), "image", f"frame-{n}.png")
                given = {task.inputs[0].name: [content], **others}
                found = tasks.run(task.name, base, given, progress.silent())
                if found.stopped_early:
                    raise Cancelled
                png = found.files[0].read()
            paths.write(kept, png)
        # Of those that lay there only the last is told: they took no time, and the rest would seem as quick.
        if fresh or not _place(folder, n + 1).exists():
            progress.report(n, count, preview=partial(image_io.read, png), text=f"Frame {n} of {count}")
        else:
            progress.check()
        yield png, fresh


def _place(folder: Path, number: int) -> Path:
    """Where a frame lies until all are made."""
    return folder / f"{number:05d}.png"


def _whole(path: Path) -> bytes | None:
    """A frame that was kept; None if it is not there, or damaged: then it is made again."""
    try:
        data = path.read_bytes()
        image_io.read(data)
    except (OSError, InvalidInput):
        return None
    return data
