"""Enhance: upscaling, and removal of noise and JPEG artifacts."""

from studio.core.tasks import Goal, Slot, Task
from studio.enhance.settings import EnhanceSettings, TrainEnhanceSettings

ENLARGE = Task(
    name="enhance.enlarge",
    settings=EnhanceSettings,
    inputs=(
        Slot("content", "image"),
        Slot("network", "model", least=0, flag="--network", model_tasks=("enhance.train",)),
        Slot("cleaner", "model", least=0, flag="--cleaner", model_tasks=("enhance.train",)),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.enhance.task:run",
    usual="studio.enhance.estimate:estimate_seconds",
    needs="studio.enhance.estimate:estimate_bytes",
    grows="scale",
    title="Enhance",
    name_words=("enhanced", "with"),
    command="enhance",
    help="upscale an image 2, 3 or 4 times, or remove noise and JPEG artifacts",
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
            least=0,
            flag="--drawings",
            help="additional training images, not used for testing; same formats as DATA",
        ),
        Slot("start", "model", least=0, flag="--start-from", model_tasks=("enhance.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.enhance.learn.task:train",
    usual="studio.enhance.estimate:estimate_training_seconds",
    loads_keras=True,
    needs="studio.enhance.estimate:estimate_training_bytes",
    grows="batch",
    networks="studio.enhance.network:networks",
    title="Enhance training",
    command="train enhance",
    help="train a network to upscale images like those in a folder, or to remove noise and JPEG artifacts",
    check="studio.enhance.learn.task:check",
    goal=Goal(
        "gain x2",
        "psnr_x2",
        most=True,
        title="PSNR",
        yardstick=("to",),
        varies=("learning_rate", "width"),
    ),
)
