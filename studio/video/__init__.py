"""Videos: applies another task to every frame of a short video."""

from studio.core import tasks
from studio.core.tasks import Slot, Task
from studio.video.settings import VideoSettings

FRAME_TASKS = ("style.transfer", "dream.ascend", "classify.explain", "colorize.apply")


def _collect_slots() -> tuple[Slot, ...]:
    """Returns the video's slot, and the other slots of the tasks for frames, which become optional."""
    slots = {"video": Slot("video", "animation")}
    for name in FRAME_TASKS:
        for slot in tasks.get(name).inputs[1:]:
            slots.setdefault(
                slot.name, Slot(slot.name, slot.kind, 0, slot.max_files, is_overlay=slot.is_overlay)
            )
    return tuple(slots.values())


REPAINT = Task(
    name="video.repaint",
    settings=VideoSettings,
    inputs=_collect_slots(),
    produces="animation",
    lane="job",
    work="studio.video.task:run",
    estimate_seconds="studio.video.estimate:estimate_seconds",
    estimate_bytes="studio.video.estimate:estimate_bytes",
    title="Video",
    command="",
    equivalent_command="studio.video.command:build_equivalent_command",
    help="apply a task to every frame of a video",
    check="studio.video.task:check",
)
