"""Playground: a tiny network learns one photo while you watch."""

from studio.core.tasks import Slot, Task
from studio.playground.settings import PlaygroundSettings

TRAIN = Task(
    name="playground.train",
    settings=PlaygroundSettings,
    inputs=(Slot("content", "image"),),
    produces="image",
    lane="job",
    interactive=True,
    work="studio.playground.task:run",
    title="Playground",
    name_words=("learned", ""),
    command="playground",
    help="train a tiny network on a photo, and render it at any size or as a video of its training",
    find_kind="studio.playground.settings:kind",
    estimate_seconds="studio.playground.estimate:estimate_seconds",
    estimate_bytes="studio.playground.estimate:estimate_bytes",
    memory_setting="detail",
)
