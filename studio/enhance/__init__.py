"""Enhance: a picture made larger, sharper than plain enlarging makes it, and clean of noise and blocks."""

from studio.core.tasks import Goal, Slot, Task
from studio.enhance.settings import EnhanceSettings, TrainEnhanceSettings

ENLARGE = Task(
    name="enhance.enlarge",
    settings=EnhanceSettings,
    inputs=(
        Slot("content", "picture"),
        Slot("network", "model", least=0, flag="--network"),
        Slot("cleaner", "model", least=0, flag="--cleaner"),
    ),
    produces="picture",
    lane="job",
    interactive=True,
    work="studio.enhance.task:run",
    usual="studio.enhance.estimate:usual",
    needs="studio.enhance.estimate:needs",
    grows="scale",
    title="Enhance",
    done=("enhanced", "with"),
    command="enhance",
    help="make a picture two, three or four times larger and sharp, or clean of noise and blocks",
    check="studio.enhance.checks:check",
    prepare="studio.enhance.task:prepare",
    beside="Before",
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
            help="pictures to learn from beside the photos, and not to test on: as DATA",
        ),
        Slot("start", "model", least=0, flag="--start-from"),
    ),
    produces="model",
    lane="job",
    work="studio.enhance.learn.task:train",
    usual="studio.enhance.estimate:usual_training",
    loads_keras=True,
    needs="studio.enhance.estimate:needs_training",
    grows="batch",
    title="Enhance training",
    command="train enhance",
    help="teach a network to enlarge or to clean pictures like those of a folder",
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
