"""Colorize: plausible colors for a gray photo."""

from studio.colorize.settings import ColorizeSettings, TrainColorizeSettings
from studio.core.tasks import Goal, Slot, Task

IMAGE = Task(
    name="colorize.apply",
    settings=ColorizeSettings,
    inputs=(
        Slot("content", "image"),
        Slot("color_hints", "image", least=0, flag="--color-hints"),
        Slot("examples", "image", least=0, most=4, flag="--like"),
        Slot("network", "model", least=0, flag="--network", model_tasks=("colorize.train",)),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.colorize.task:run",
    usual="studio.colorize.estimate:estimate_seconds",
    needs="studio.colorize.estimate:estimate_bytes",
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
        Slot("start", "model", least=0, flag="--start-from", model_tasks=("colorize.train",)),
    ),
    produces="model",
    lane="job",
    work="studio.colorize.learn.task:train",
    usual="studio.colorize.estimate:estimate_training_seconds",
    loads_keras=True,
    needs="studio.colorize.estimate:estimate_training_bytes",
    grows="batch",
    networks="studio.colorize.network:networks",
    title="Color training",
    command="train colorize",
    help="train a network to colorize photos like those in a folder",
    check="studio.colorize.learn.task:check",
    goal=Goal("error over gray's", title="Error relative to gray", varies=("learning_rate", "width")),
)
