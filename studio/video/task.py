"""Applying a task to a video: stores finished frames until the video is complete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import paths, recipes, tasks
from studio.core.errors import Cancelled, InvalidInput, invalid
from studio.core.imaging import frame_times, image_io, mp4_frames, video_decoder, video_encoder
from studio.core.imaging.frame_times import FrameTimes
from studio.core.imaging.video_span import Span
from studio.core.masks import task_masks
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result, Task
from studio.core.training import checkpoints
from studio.video import audio
from studio.video.settings import BLENDED_BANDS, VideoSettings
from studio.video.temporal_consistency import TemporalBlender

TASK_NAME = "video.repaint"
_HDR_NOTE = (
    "The video is HDR, whose colors look pale in the result. Convert it to SDR first, or record without HDR."
)


def check(settings: VideoSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` unless the task accepts frames with these settings and inputs."""
    task, base = _find_frame_task(settings)
    extra_inputs = {slot: files for slot, files in inputs.items() if slot != "video" and files}
    video = inputs["video"][0]
    video_decoder.count_frames(video.read(), video.name, settings.max_fps, settings.span)
    frame = File(video.digest, "image", video.name)  # stands for every frame
    tasks.check(task.name, base, {task.inputs[0].name: [frame], **extra_inputs})


def _find_frame_task(settings: VideoSettings) -> tuple[Task, Settings]:
    """Returns the task for frames and its settings. Raises `InvalidInput` if it makes no images."""
    task = tasks.get(settings.task)
    base = task.settings.from_plain(settings.base).for_frames()
    if not task.takes_single_image or task.choose_kind(base) != "image":
        raise invalid("task", expected="a task that turns an image into an image", received=task.name)
    return task, base


@checkpoints.lock_run(TASK_NAME)
def run(settings: VideoSettings, inputs: Inputs, progress: Progress) -> Result:
    """Processes every frame. If canceled, returns the video so far; another run continues it."""
    began = time.monotonic()
    video = inputs["video"][0]
    data = video.read()
    times = video_decoder.read_times(data, video.name, settings.max_fps, settings.span)
    count, is_transparent = _count_frames(data, video.name, settings.max_fps, settings.span, progress)
    stored_run = checkpoints.find_run(TASK_NAME, settings, inputs)
    weights: dict[str, str] = {}
    count_done, count_new, is_stopped = 0, 0, False
    band = BLENDED_BANDS.get(settings.task, "all")
    blender = TemporalBlender(settings.temporal_consistency * (settings.task in BLENDED_BANDS), band)
    with video_encoder.VideoEncoder(settings.video, times, is_transparent) as output:
        try:
            for frame, png, is_new in _render_frames(settings, inputs, stored_run.folder, count, progress):
                weights |= recipes.read(png).weights
                output.add(blender.blend(frame, image_io.read_transparent(png)))
                count_done, count_new = count_done + 1, count_new + is_new
        except Cancelled:
            is_stopped = True
            if not count_done:
                raise
        encoded = output.finish()
    seconds = time.monotonic() - began
    recipe = recipes.make(TASK_NAME, settings, inputs, weights)
    name = f"{Path(video.name).stem}-{settings.task.partition('.')[0]}.{settings.video}"
    figures: dict[str, Any] = {
        "frames": count_done,
        "of": count,
        "fps": round(times.fps, 3),
        "seconds": seconds * count_done / max(1, count_new),  # for all frames, at the speed of this run
    }
    notes = [_HDR_NOTE] if mp4_frames.is_hdr(data) else []
    if audio.has_audio(data):
        encoded, audio_notes = _add_audio(encoded, settings, video, times, count_done)
        notes += audio_notes
    if notes:
        figures["notes"] = notes
    file = File.store(encoded, "animation", name)
    if not is_stopped:
        stored_run.delete()
    return Result((file,), figures, recipe, is_stopped)


def _add_audio(
    encoded: bytes, settings: VideoSettings, video: File, times: FrameTimes, count: int
) -> tuple[bytes, list[str]]:
    """Adds the sound of the first `count` frames. Returns the result, and sentences about missing sound."""
    if settings.video != "mp4":
        return encoded, [audio.NO_SOUND_NOTE]
    data = video.read()
    all_times = frame_times.read(data)
    start = sum(all_times.durations[: settings.span.select_frames(all_times, video.name).start], Fraction(0))
    seconds = sum((times.duration_of(number) for number in range(count)), Fraction(0))
    return audio.add_audio(encoded, data, start, seconds)


def _count_frames(data: bytes, name: str, max_fps: int, span: Span, progress: Progress) -> tuple[int, bool]:
    """Counts the frames and checks whether any is transparent.

    Reads all of them, so that damage at the end is found before hours of work.

    Raises:
        InvalidInput: like `video_decoder.decode`.
    """
    progress.report_stage("Reading the video")
    count, is_transparent = 0, False
    for frame in video_decoder.decode(data, name, max_fps, transparent=True, span=span):
        count, is_transparent = count + 1, is_transparent or frame.shape[2] == 4
        progress.check()
    return count, is_transparent


def _render_frames(
    settings: VideoSettings, inputs: Inputs, folder: Path, count: int, progress: Progress
) -> Iterator[tuple[np.ndarray, bytes, bool]]:
    """Yields every frame, its result as a PNG, and whether that is new or was stored by an earlier run."""
    task, base = _find_frame_task(settings)
    extra_inputs = {slot: files for slot, files in inputs.items() if slot != "video" and files}
    video = inputs["video"][0]
    data = video.read()
    frames = video_decoder.decode(data, video.name, settings.max_fps, transparent=True, span=settings.span)
    for n, frame in enumerate(frames, start=1):
        path = _frame_path(folder, n)
        png = _read_frame(path)
        is_new = png is None
        if png is None:
            # Keep frames out of the file store. Not every frame shows the person or face of a mask.
            with tasks.store_in_memory(), task_masks.allow_empty_selections():
                content = File.store(image_io.encode_png(frame), "image", f"frame-{n}.png")
                frame_inputs = {task.inputs[0].name: [content], **extra_inputs}
                result = tasks.run(task.name, base, frame_inputs, progress.without_listener())
                if result.stopped_early:
                    raise Cancelled
                png = result.files[0].read()
            paths.write(path, png)
        # Of stored frames report only the last: they took no time, which would skew the estimate.
        if is_new or not _frame_path(folder, n + 1).exists():
            progress.report(n, count, preview=partial(image_io.read, png), text=f"Frame {n} of {count}")
        else:
            progress.check()
        yield frame, png, is_new


def _frame_path(folder: Path, number: int) -> Path:
    """Returns the path of a stored frame, counted from 1."""
    return folder / f"{number:05d}.png"


def _read_frame(path: Path) -> bytes | None:
    """Returns a stored frame; None if it is missing or damaged."""
    try:
        data = path.read_bytes()
        image_io.read(data)
    except (OSError, InvalidInput):
        return None
    return data
