"""The weights that training on avatars or on pairs starts from."""

from __future__ import annotations

import numpy as np

from studio.core.tasks import Inputs
from studio.core.training import start_from


def load_start_weights(inputs: Inputs) -> tuple[list[np.ndarray], list[np.ndarray]] | None:
    """Returns the generator's and the discriminator's weights to start from, or None."""
    preset = start_from.load_model(inputs)
    if preset is None:
        return None
    from studio.sketch.learn.learner import load

    networks = load(preset)
    return networks.generator.get_weights(), networks.discriminator.get_weights()
