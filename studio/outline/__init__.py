"""Outline: a drawing of a face becomes an avatar while one draws, and any picture another, as pairs teach."""

from studio.core.tasks import Slot, Task
from studio.outline.settings import (
    OutlineSettings,
    TrainOutlineSettings,
    TrainTranslateSettings,
    TranslateSettings,
)

START = Slot("start", "model", least=0, flag="--start-from")
NETWORK = Slot("network", "model", least=0, flag="--network")

PAINT = Task(
    name="outline.paint",
    settings=OutlineSettings,
    inputs=(Slot("content", "picture"), NETWORK),
    produces="picture",
    lane="job",
    interactive=True,
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
    inputs=(Slot("data", "dataset"), START),
    produces="model",
    lane="job",
    work="studio.outline.learn.task:train",
    usual="studio.outline.estimate:usual_training",
    loads_keras=True,
    needs="studio.outline.estimate:needs_training",
    grows="batch",
    title="Outline training",
    command="train outline",
    help="teach a network to paint avatars from sketches of them, such as sample:sketches",
    check="studio.outline.models:check",
)

TRANSLATE = Task(
    name="outline.translate",
    settings=TranslateSettings,
    inputs=(Slot("content", "picture"), NETWORK),
    produces="picture",
    lane="job",
    interactive=True,
    work="studio.outline.translate:run",
    title="Translate",
    command="translate",
    help="turn a drawing or photo into what a network of yours has learnt from pairs",
    check="studio.outline.models:check_pairs_network",
)

TRAIN_PAIRS = Task(
    name="outline.train_pairs",
    settings=TrainTranslateSettings,
    inputs=(Slot("data", "dataset"), START),
    produces="model",
    lane="job",
    work="studio.outline.learn.pairs_task:train",
    usual="studio.outline.estimate:usual_pairs",
    loads_keras=True,
    needs="studio.outline.estimate:needs_pairs",
    grows="batch",
    title="Translate training",
    command="train translate",
    help="teach a network to turn one picture into another, from pairs or from photos and their edges",
    check="studio.outline.models:check_pairs",
)
