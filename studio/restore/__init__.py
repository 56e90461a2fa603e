"""Restore: fills scratches and dust in an old photo, cleans, colorizes and enlarges it."""

from studio.core.tasks import Goal, Slot, Task
from studio.restore.settings import RestoreSettings, TrainRestoreSettings

APPLY = Task(
    name="restore.apply",
    settings=RestoreSettings,
    inputs=(
        Slot("content", "image"),
        Slot(
            "damage_mask",
            "image",
            min_files=0,
            is_overlay=True,
            flag="--damage-mask",
            help="a mask, white where the photo is damaged; it is added to the detected damage",
        ),
        Slot(
            "keep_mask",
            "image",
            min_files=0,
            is_overlay=True,
            flag="--keep-mask",
            help="a mask, white where nothing is damaged; it overrides what is detected",
        ),
        Slot("network", "model", min_files=0, flag="--network", model_tasks=("restore.train",)),
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

TRAIN = Task(
    name="restore.train",
    settings=TrainRestoreSettings,
    inputs=(
        Slot("data", "dataset"),
        Slot("start", "model", min_files=0, flag="--start-from", model_tasks=("restore.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.restore.learn.task:train",
    estimate_seconds="studio.restore.estimate:estimate_training_seconds",
    loads_keras=True,
    estimate_bytes="studio.restore.estimate:estimate_training_bytes",
    memory_setting="batch",
    load_networks="studio.restore.network:load_exported_networks",
    title="Damage detection training",
    command="train restore",
    help="train a network to detect scratches and dust in photos like those in a folder",
    check="studio.restore.learn.task:check",
    goal=Goal(
        "f1",
        "f1",
        higher_is_better=True,
        title="F1",
        test_data_settings=("photo_size",),
        search_settings=("learning_rate", "width"),
    ),
)
