"""Playground: a tiny network learns one photo while you watch."""

from studio.core.tasks import Slot, Task
from studio.playground.settings import PlaygroundSettings

TRAIN = Task(
    name="playground.train",
    settings=PlaygroundSettings,
    inputs=(Slot("content", "picture"),),
    produces="picture",
    lane="job",
    interactive=True,
    work="studio.playground.task:run",
    title="Playground",
    done=("learned", ""),
    command="playground",
    help="let a tiny network learn a photo, and paint it at any size or film its learning",
    kind="studio.playground.settings:kind",
    usual="studio.playground.estimate:usual",
    needs="studio.playground.estimate:needs",
    grows="detail",
)
