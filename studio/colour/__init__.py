"""Colour: the colours that a grey photo may have had."""

from studio.colour.settings import ColourSettings, TrainColourSettings
from studio.core.tasks import Goal, Slot, Task

PICTURE = Task(
    name="colour.picture",
    settings=ColourSettings,
    inputs=(
        Slot("content", "picture"),
        Slot("dabs", "picture", least=0, flag="--dabs"),
        Slot("examples", "picture", least=0, most=4, flag="--like"),
        Slot("network", "model", least=0, flag="--network"),
    ),
    produces="picture",
    lane="job",
    interactive=True,
    work="studio.colour.task:run",
    usual="studio.colour.estimate:usual",
    needs="studio.colour.estimate:needs",
    title="Colour",
    done=("coloured", "like"),
    command="colour",
    help="give a grey photo colours that it may have had",
    check="studio.colour.checks:check",
    prepare="studio.colour.task:prepare",
)

TRAIN = Task(
    name="colour.train",
    settings=TrainColourSettings,
    inputs=(Slot("data", "dataset"), Slot("start", "model", least=0, flag="--start-from")),
    produces="model",
    lane="job",
    work="studio.colour.learn.task:train",
    usual="studio.colour.estimate:usual_training",
    loads_keras=True,
    needs="studio.colour.estimate:needs_training",
    grows="batch",
    networks="studio.colour.network:networks",
    title="Colour training",
    command="train colour",
    help="teach a network the colours of photos like those of a folder",
    check="studio.colour.learn.task:check",
    goal=Goal("error over grey's", title="Error over grey's", varies=("learning_rate", "width")),
)
