"""Videos: applies another task to every frame of a short video."""

from studio.core import tasks
from studio.core.tasks import Slot, Task
from studio.video.settings import VideoSettings

FRAME_TASKS = ("style.transfer", "dream.ascend", "classify.explain", "colorize.apply")


def _slots() -> tuple[Slot, ...]:
    """Returns the slots: the video, and the further inputs of the tasks for frames."""
    slots = {"video": Slot("video", "animation")}
    for name in FRAME_TASKS:
        for slot in tasks.get(name).inputs[1:]:
            slots.setdefault(slot.name, Slot(slot.name, slot.kind, 0, slot.most))
    return tuple(slots.values())


REPAINT = Task(
    name="video.repaint",
    settings=VideoSettings,
    inputs=_slots(),
    produces="animation",
    lane="job",
    work="studio.video.task:run",
    usual="studio.video.estimate:estimate_seconds",
    needs="studio.video.estimate:estimate_bytes",
    title="Video",
    command="",
    equivalent_command="studio.video.command:equivalent_command",
    help="paint every frame of a video",
    check="studio.video.task:check",
)
