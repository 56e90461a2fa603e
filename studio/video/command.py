"""The command for a video: that of its frames, with the video in place of the image."""

from __future__ import annotations

from studio.core import tasks
from studio.core.tasks import EquivalentCommand, Inputs
from studio.video.settings import VideoSettings


def build_equivalent_command(settings: VideoSettings, inputs: Inputs) -> EquivalentCommand:
    """Returns the command of the frames' task, with the video as its image."""
    task = tasks.get(settings.task)
    files = {slot: slot_files for slot, slot_files in inputs.items() if slot != "video"}
    files[task.inputs[0].name] = inputs["video"]
    flags: dict[str, object] = {}
    if settings.fps and "fps" in task.settings.describe():
        flags["--fps"] = settings.fps
    if settings.start:
        flags["--start"] = settings.start
    if settings.end is not None:
        flags["--end"] = settings.end
    if settings.temporal_consistency != VideoSettings().temporal_consistency:
        flags["--temporal-consistency"] = settings.temporal_consistency
    return EquivalentCommand(task, task.settings.from_plain(settings.base), files, settings.video, flags)
