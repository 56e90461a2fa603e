"""Diffusion: a U-Net learns the velocity that turns noise into an image, step by step."""

from studio.core.tasks import Goal, Slot, Task
from studio.diffusion.settings import TrainDiffusionSettings

TRAIN = Task(
    name="diffusion.train",
    settings=TrainDiffusionSettings,
    inputs=(
        Slot("data", "dataset"),
        Slot("start", "model", min_files=0, flag="--start-from", model_tasks=("diffusion.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.diffusion.task:train",
    estimate_seconds="studio.diffusion.estimate:estimate_seconds",
    loads_keras=True,
    estimate_bytes="studio.diffusion.estimate:estimate_bytes",
    memory_setting="batch",
    check="studio.diffusion.generator:check",
    title="Diffusion training",
    command="train diffusion",
    help="train a diffusion model on a folder of images; folders of classes can be chosen when sampling",
    load_generator="studio.diffusion.generator:load_generator",
    share="studio.diffusion.shared_page:build_content",
    evaluate="studio.faces.score:measure_scores",
    denoises=True,
    goal=Goal(
        "validation",
        "fid",
        title="FID",
        unit_settings=("size", "colors"),
        search_settings=("learning_rate", "width"),
    ),
)
