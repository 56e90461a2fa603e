"""Small untrained networks that enlarge and clean; they add deterministic noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import saved_models

from studio.core import recipes
from studio.core.models.presets import Preset
from studio.enhance import models
from studio.enhance.settings import TrainEnhanceSettings

SETTINGS = TrainEnhanceSettings(
    width=8, blocks=2, window=16, photo_size=128, batch=2, steps=4, test_every=2, ema_steps=2
)

CLEANING = SETTINGS.model_copy(update={"to": "clean"})


def build_network(settings: TrainEnhanceSettings = SETTINGS):
    """Returns the network with random weights and biases."""
    from studio.enhance.network import build_network as fresh

    model = fresh(settings)
    rng = np.random.default_rng(3)
    model.set_weights([array + rng.normal(0, 0.02, array.shape) for array in model.get_weights()])
    return model


def make(target: str | Path = "tiny", settings: TrainEnhanceSettings = SETTINGS) -> Preset:
    """Saves the model under a name in STUDIO_HOME/presets, or in a folder."""
    recipe = recipes.Recipe(task=models.TASK, settings=settings.model_dump(mode="json"), inputs={})
    metadata = {"command": "none", "figures": {}}
    return saved_models.save(
        target, build_network(settings), models.TASK, settings, "# Tiny\n", recipe, metadata
    )
