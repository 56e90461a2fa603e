"""Small networks that enlarge and clean, never trained: what they add is noise, but always the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.enhance import models
from studio.enhance.settings import TrainEnhanceSettings

SETTINGS = TrainEnhanceSettings(
    width=8, blocks=2, window=16, photo_size=128, batch=2, steps=4, test_every=2, ema_steps=2
)

CLEANING = SETTINGS.model_copy(update={"to": "clean"})


def network(settings: TrainEnhanceSettings = SETTINGS):
    """The network itself, with biases too."""
    from studio.enhance.network import network as fresh

    model = fresh(settings)
    rng = np.random.default_rng(3)
    model.set_weights([one + rng.normal(0, 0.02, one.shape) for one in model.get_weights()])
    return model


def make(target: str | Path = "tiny", settings: TrainEnhanceSettings = SETTINGS) -> Preset:
    """Saves one under a name of STUDIO_HOME/presets, or in a folder."""
    recipe = recipes.Recipe(task=models.TASK, settings=settings.model_dump(mode="json"), inputs={})
    told = {"command": "none", "figures": {}}
    return presets.save(target, network(settings), models.TASK, settings, "# Tiny\n", recipe, told)
