"""Outline: a drawing of a face becomes an avatar while one draws."""

from studio.core.tasks import Slot, Task
from studio.outline.settings import OutlineSettings, TrainOutlineSettings

START = Slot("start", "model", least=0, flag="--start-from")

PAINT = Task(
    name="outline.paint",
    settings=OutlineSettings,
    inputs=(Slot("content", "picture"), Slot("network", "model", least=0, flag="--network")),
    produces="picture",
    lane="job",
    work="studio.outline.task:run",
    title="Outline",
    done=("as an avatar", ""),
    command="outline",
    help="paint an avatar from a drawing of a face",
    check="studio.outline.models:check_network",
    prepare="studio.outline.task:prepare",
    beside="Drawing",
)

TRAIN = Task(
    name="outline.train",
    settings=TrainOutlineSettings,
    inputs=(START,),
    produces="model",
    lane="job",
    work="studio.outline.learn.task:train",
    usual="studio.outline.estimate:usual_training",
    needs="studio.outline.estimate:needs_training",
    grows="batch",
    title="Outline training",
    command="train outline",
    help="teach a network to paint avatars from drawings; the studio draws both",
    check="studio.outline.models:check",
)
