"""Restore: fills scratches and dust in an old photo, cleans, colorizes and enlarges it."""

from studio.core.tasks import Slot, Task
from studio.restore.settings import RestoreSettings

APPLY = Task(
    name="restore.apply",
    settings=RestoreSettings,
    inputs=(
        Slot("content", "image"),
        Slot(
            "damage_mask",
            "image",
            min_files=0,
            flag="--damage-mask",
            help="a mask, white where the photo is damaged; it is added to the detected damage",
        ),
        Slot(
            "keep_mask",
            "image",
            min_files=0,
            flag="--keep-mask",
            help="a mask, white where nothing is damaged; it overrides what is detected",
        ),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.restore.task:run",
    estimate_seconds="studio.restore.estimate:estimate_seconds",
    estimate_bytes="studio.restore.estimate:estimate_bytes",
    memory_setting="scale",
    title="Restore",
    name_words=("restored", ""),
    command="restore",
    help="restore an old photo: fill scratches, remove noise, colorize, enlarge",
    check="studio.restore.checks:check",
    comparison_label="Before",
)
