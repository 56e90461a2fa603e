"""Enhance: upscaling, and removal of noise and JPEG artifacts."""

from studio.core.masks import settings as mask_settings
from studio.core.tasks import Goal, Slot, Task
from studio.enhance.settings import EnhanceSettings, TrainEnhanceSettings

ENLARGE = Task(
    name="enhance.enlarge",
    settings=EnhanceSettings,
    inputs=(
        Slot("content", "image"),
        mask_settings.slot("a mask, white where the photo is enhanced; the rest is only resized"),
        Slot("network", "model", min_files=0, flag="--network", model_tasks=("enhance.train",)),
        Slot("cleaner", "model", min_files=0, flag="--cleaner", model_tasks=("enhance.train",)),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.enhance.task:run",
    estimate_seconds="studio.enhance.estimate:estimate_seconds",
    estimate_bytes="studio.enhance.estimate:estimate_bytes",
    memory_setting="scale",
    title="Enhance",
    name_words=("enhanced", "with"),
    command="enhance",
    help="upscale an image up to 4 times, or remove noise and JPEG artifacts",
    check="studio.enhance.checks:check",
    prepare="studio.enhance.task:prepare",
    comparison_label="Before",
)

TRAIN = Task(
    name="enhance.train",
    settings=TrainEnhanceSettings,
    inputs=(
        Slot("data", "dataset"),
        Slot(
            "drawings",
            "dataset",
            min_files=0,
            flag="--drawings",
            help="additional training images, not used for testing; same formats as DATA",
        ),
        Slot("start", "model", min_files=0, flag="--start-from", model_tasks=("enhance.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.enhance.learn.task:train",
    estimate_seconds="studio.enhance.estimate:estimate_training_seconds",
    loads_keras=True,
    estimate_bytes="studio.enhance.estimate:estimate_training_bytes",
    memory_setting="batch",
    load_networks="studio.enhance.network:load_exported_networks",
    title="Enhance training",
    command="train enhance",
    help="train a network to upscale images like those in a folder, or to remove noise and JPEG artifacts",
    check="studio.enhance.learn.task:check",
    goal=Goal(
        "gain x2",
        "psnr_x2",
        higher_is_better=True,
        title="PSNR",
        test_data_settings=("to",),
        search_settings=("learning_rate", "width"),
    ),
)
