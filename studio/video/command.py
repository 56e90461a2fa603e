"""How a command asks for a video: as for one frame of it, with the video in the place of the image."""

from __future__ import annotations

from studio.core import tasks
from studio.core.tasks import Inputs, Spelled
from studio.video.settings import VideoSettings


def stands_for(settings: VideoSettings, inputs: Inputs) -> Spelled:
    """The task that paints a frame, with the video in its place."""
    task = tasks.get(settings.task)
    files = {slot: some for slot, some in inputs.items() if slot != "video"}
    files[task.inputs[0].name] = inputs["video"]
    more: dict[str, object] = {}
    if settings.fps and "fps" in task.settings.described():
        more["--fps"] = settings.fps
    if settings.start:
        more["--start"] = settings.start
    if settings.end is not None:
        more["--end"] = settings.end
    return Spelled(task, task.settings.from_plain(settings.base), files, settings.video, more)
