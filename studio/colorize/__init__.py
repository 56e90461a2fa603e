"""Colorize: plausible colors for a gray photo."""

from studio.colorize.settings import ColorizeSettings, TrainColorizeSettings
from studio.core.masks import settings as mask_settings
from studio.core.tasks import Goal, Slot, Task

IMAGE = Task(
    name="colorize.apply",
    settings=ColorizeSettings,
    inputs=(
        Slot("content", "image"),
        Slot(
            "color_hints",
            "image",
            min_files=0,
            is_overlay=True,
            flag="--color-hints",
            help="an image with color hints, transparent elsewhere",
        ),
        Slot(
            "examples",
            "image",
            min_files=0,
            max_files=4,
            flag="--like",
            help="up to 4 example photos whose colors to reuse",
        ),
        mask_settings.slot("a mask, white where the photo gets colors"),
        Slot("network", "model", min_files=0, flag="--network", model_tasks=("colorize.train",)),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.colorize.task:run",
    estimate_seconds="studio.colorize.estimate:estimate_seconds",
    estimate_bytes="studio.colorize.estimate:estimate_bytes",
    title="Colorize",
    name_words=("colored", "like"),
    command="colorize",
    help="colorize a gray photo",
    check="studio.colorize.checks:check",
    prepare="studio.colorize.task:prepare",
)

TRAIN = Task(
    name="colorize.train",
    settings=TrainColorizeSettings,
    inputs=(
        Slot("data", "dataset"),
        Slot("start", "model", min_files=0, flag="--start-from", model_tasks=("colorize.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.colorize.learn.task:train",
    estimate_seconds="studio.colorize.estimate:estimate_training_seconds",
    loads_keras=True,
    estimate_bytes="studio.colorize.estimate:estimate_training_bytes",
    memory_setting="batch",
    load_networks="studio.colorize.network:load_exported_networks",
    list_embedded_weights="studio.colorize.backbone:read_digest",
    title="Color training",
    command="train colorize",
    help="train a network to colorize photos like those in a folder",
    check="studio.colorize.learn.task:check",
    goal=Goal(
        "error over gray's", title="Error relative to gray", search_settings=("learning_rate", "width")
    ),
)
