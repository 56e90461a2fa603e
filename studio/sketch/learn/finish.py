"""The start weights and the figures of training runs on avatars and on pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.tasks import Inputs
from studio.core.training import start_from

if TYPE_CHECKING:
    from studio.sketch.learn.train import Trainer


def start(inputs: Inputs) -> tuple[list[np.ndarray], list[np.ndarray]] | None:
    """Returns the generator's and the discriminator's weights to start from, or None."""
    preset = start_from.load_model(inputs)
    if preset is None:
        return None
    from studio.sketch.learn.learner import load

    networks = load(preset)
    return networks.generator.get_weights(), networks.discriminator.get_weights()


def figures(trainer: Trainer) -> dict[str, Any]:
    """Returns the figures that both kinds of training runs share."""
    return {"parameters": trainer.result.generator.count_params(), "off": trainer.error}
