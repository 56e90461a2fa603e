"""How a training run of a painter begins and ends, whatever it learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.tasks import Inputs
from studio.core.training import start_from

if TYPE_CHECKING:
    from studio.sketch.learn.train import Trainer


def start(inputs: Inputs) -> tuple[list[np.ndarray], list[np.ndarray]] | None:
    """The weights of the network to start from, if there is one: the painter's and the discriminator's."""
    preset = start_from.model(inputs)
    if preset is None:
        return None
    from studio.sketch.learn.learner import load

    made = load(preset)
    return made.generator.get_weights(), made.discriminator.get_weights()


def figures(trainer: Trainer) -> dict[str, Any]:
    """What every training run of a painter tells of itself, besides what all training does."""
    return {"parameters": trainer.result.generator.count_params(), "off": trainer.error}
