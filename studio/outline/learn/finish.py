"""How a training of a painter begins and ends, whatever it learns from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core import recipes
from studio.core.models import cards, presets
from studio.core.tasks import File, Inputs, Result
from studio.core.training import start_from

if TYPE_CHECKING:
    from studio.outline.learn.train import Trained, Trainer


def start(inputs: Inputs) -> tuple[list[np.ndarray], list[np.ndarray]] | None:
    """The weights of the network to start from, if there is one: the painter's and the judge's."""
    preset = start_from.model(inputs)
    if preset is None:
        return None
    from studio.outline.learn.learner import load

    made = load(preset)
    return made.generator.get_weights(), made.judge.get_weights()


def figures(trained: Trained, inputs: Inputs) -> dict[str, Any]:
    """What all trainings of painters tell of themselves."""
    curves = trained.curves
    return {
        "steps": trained.steps,
        "seconds": curves.seconds,
        "parameters": trained.learner.generator.count_params(),
        "off": trained.off,
        "ended": trained.ended,
        "notes": [],
        **start_from.origin(inputs),
        "curve": {"steps": curves.steps, **curves.losses, **curves.tests},
    }


def packed(
    task: str,
    trainer: Trainer,
    trained: Trained,
    inputs: Inputs,
    card: str,
    told: Mapping[str, Any],
    name: str,
    stopped: bool,
) -> Result:
    """The network as one file, with its card; its checkpoints go, unless it was stopped.

    Args:
        told: what the model knows of its data, with its "figures".
        name: of the file.
    """
    curves = trained.curves
    recipe = recipes.make(task, trainer.settings, inputs)
    picture = cards.picture(trainer.sheet(), curves.steps, {**curves.losses, **curves.tests})
    data = presets.pack(trained.learner, task, trainer.settings, card, recipe, told, picture)
    kept = File.keep(data, "model", name)
    if not stopped and trainer.run is not None:
        trainer.run.forget()
    return Result((kept,), told["figures"], recipe, stopped)
