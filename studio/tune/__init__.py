"""Tune: hyperparameter search over many short trials; weak ones stop early, and the best model is kept."""

from studio.core.tasks import Slot, Task
from studio.tune.settings import TuneSettings

RUN = Task(
    name="tune.run",
    settings=TuneSettings,
    inputs=(Slot("data", "dataset", min_files=0), Slot("text", "text", min_files=0)),
    produces="model",
    lane="drive",
    work="studio.tune.task:run",
    title="Tune",
    command="",  # `studio.cli.tune` adds it, because the kind of its data depends on the training
    help="hyperparameter search: run many short trials and keep the best model",
    check="studio.tune.task:check",
    plan_trials="studio.tune.task:plan_trials",
)
