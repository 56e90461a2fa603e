"""Playground: a tiny network learns one photo, or to separate points, while you watch."""

from studio.core.tasks import Slot, Task
from studio.playground.settings import ClassificationSettings, PlaygroundSettings

TRAIN = Task(
    name="playground.train",
    settings=PlaygroundSettings,
    inputs=(Slot("content", "image"),),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.playground.task:learn_photo",
    title="Playground",
    name_words=("learned", ""),
    command="playground",
    help="train a tiny network on a photo, and render it at any size or as a video of its training",
    find_kind="studio.playground.settings:find_kind",
    estimate_seconds="studio.playground.estimate:estimate_seconds",
    estimate_bytes="studio.playground.estimate:estimate_bytes",
    memory_setting="detail",
)

CLASSIFY = Task(
    name="playground.classify",
    settings=ClassificationSettings,
    inputs=(
        Slot(
            "points",
            "text",
            min_files=0,
            flag="--own-points",
            help="your own points, in place of the data set: a CSV file with x and y from -1 to 1 and the "
            "class, 0 or 1",
        ),
    ),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.playground.task:classify_points",
    check="studio.playground.task:load_points",
    title="2-D classification",
    command="classify-2d",
    help="train a tiny network on 2-D points, and draw its decision boundary and the output of each unit",
    find_kind="studio.playground.settings:find_kind",
    estimate_seconds="studio.playground.estimate:estimate_classification_seconds",
    memory_setting="size",
)
