"""Videos: a short video, every frame of it painted, dreamed into or explained."""

from studio.core import tasks
from studio.core.tasks import Slot, Task
from studio.video.settings import VideoSettings

PAINTERS = ("style.transfer", "dream.ascend", "classify.explain", "colorize.apply")


def _slots() -> tuple[Slot, ...]:
    """The video, and what the tasks that paint frames take besides; they say themselves how many."""
    found = {"video": Slot("video", "animation")}
    for name in PAINTERS:
        for slot in tasks.get(name).inputs[1:]:
            found.setdefault(slot.name, Slot(slot.name, slot.kind, 0, slot.most))
    return tuple(found.values())


REPAINT = Task(
    name="video.repaint",
    settings=VideoSettings,
    inputs=_slots(),
    produces="animation",
    lane="job",
    work="studio.video.task:run",
    usual="studio.video.estimate:usual",
    needs="studio.video.estimate:needs",
    title="Video",
    command="",
    stands_for="studio.video.command:stands_for",
    help="paint every frame of a video",
    check="studio.video.task:check",
)
