"""A training task that learns nothing: its loss is a bowl over two settings."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from studio.core import recipes, tasks
from studio.core.errors import Cancelled, InvalidInput
from studio.core.progress import Progress
from studio.core.settings import Settings, setting
from studio.core.tasks import File, Goal, Inputs, Result, Slot, Task
from studio.core.training import checkpoints

NAME = "bowl.train"


class BowlSettings(Settings):
    """Settings of the bowl; the optimum is x = 3 with the round shape."""

    x: float = setting(0.0, "Where it stands.", ge=-10, le=10)
    rate: float = setting(0.01, "A scale.", gt=0, le=1, scale="log")
    penalty: float = setting(0.0, "A scale that may be off.", ge=0, le=100, scale="log")
    units: int = setting(8, "Whole numbers.", ge=1, le=64, scale="log")
    shape: Literal["round", "square", "flat"] = setting("round", "A choice.")
    flip: bool = setting(True, "Yes or no.")
    note: str = setting("", "Words.")
    epochs: int = setting(9, "How often it tells.", ge=1, le=1000)
    trouble: Literal["none", "refuse", "silent", "unscored", "memory", "conflict"] = setting(
        "none", "What goes wrong."
    )

    @model_validator(mode="after")
    def _check_conflict(self) -> Self:
        if self.trouble == "conflict" and self.x:
            raise InvalidInput("These settings do not fit together. Set x to 0.")
        return self


def compute_loss(settings: BowlSettings) -> float:
    """Returns the value of the bowl."""
    return (settings.x - 3) ** 2 + {"round": 0, "square": 2, "flat": 5}[settings.shape]


def run(settings: BowlSettings, inputs: Inputs, progress: Progress) -> Result:
    """Reports a loss that falls towards its final value."""
    if settings.trouble == "refuse":
        raise InvalidInput("It cannot learn. Ask for another.")
    if settings.trouble == "memory" and settings.shape != "round":
        raise MemoryError
    stopped, epoch = False, 0
    try:
        for epoch in range(1, settings.epochs + 1):
            metrics = (
                {} if settings.trouble == "silent" else {"held out": compute_loss(settings) + 10 / epoch}
            )
            progress.report(epoch, settings.epochs, metrics, tests=epoch)
    except Cancelled:
        stopped = True
    recipe = recipes.Recipe(task=NAME, settings=settings.model_dump(mode="json"))
    if stopped:
        run = checkpoints.find_run(NAME, settings, inputs)
        run.save(checkpoints.Checkpoint(epoch, {}, {}))  # as a training run does, to resume later
    file = File.store(settings.model_dump_json().encode(), "model", "bowl.zip")
    scored = settings.trouble not in ("silent", "unscored")
    figures = {"epochs": epoch} | ({"loss": compute_loss(settings)} if scored else {})
    return Result((file,), figures, recipe, stopped)


TRAIN = Task(
    name=NAME,
    settings=BowlSettings,
    inputs=(Slot("text", "text"),),
    produces="model",
    lane="job",
    work="tiny_search:run",
    title="Bowl",
    command="",
    help="a training run of the tests",
    goal=Goal("held out", "loss", search_settings=("x", "rate")),
)
tasks.TASKS |= {NAME: "tiny_search:TRAIN"}
