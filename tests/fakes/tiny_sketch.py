"""A small untrained sketch network; its images are deterministic noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import saved_models

from studio.core import recipes
from studio.core.models.presets import Preset
from studio.sketch import models
from studio.sketch.settings import TrainSketchSettings, TrainTranslateSettings, UNetSettings

SETTINGS = TrainSketchSettings(
    size=32, width=4, discriminator_width=4, steps=4, test_every=2, batch=4, ema_steps=2
)


def build_learner(settings: UNetSettings = SETTINGS):
    """Returns both networks with random weights and biases."""
    from studio.sketch.learn.learner import AvatarLearner

    model = AvatarLearner(settings)
    rng = np.random.default_rng(3)
    weights = model.generator.get_weights()
    model.generator.set_weights([array + rng.normal(0, 0.1, array.shape) for array in weights])
    return model


def make(target: str | Path = "tiny") -> Preset:
    """Saves the model under a name in STUDIO_HOME/presets, or in a folder."""
    recipe = recipes.Recipe(task=models.TASK, settings=SETTINGS.model_dump(mode="json"), inputs={})
    metadata = {"command": "none", "figures": {}}
    return saved_models.save(target, build_learner(), models.TASK, SETTINGS, "# Tiny\n", recipe, metadata)


def make_of_pairs(target: str | Path = "tiny-pairs", ground: str = "light", edges: bool = False) -> Preset:
    """Saves a model as training on pairs does: of drawings on this ground, or of edges of photos."""
    shared = {name: getattr(SETTINGS, name) for name in UNetSettings.model_fields}
    settings = TrainTranslateSettings.parse({**shared, "edges": edges})
    recipe = recipes.Recipe(task=models.PAIRS_TASK, settings=settings.model_dump(mode="json"), inputs={})
    metadata = {"command": "none", "figures": {}, "ground": "" if edges else ground}
    return saved_models.save(
        target, build_learner(settings), models.PAIRS_TASK, settings, "# Tiny\n", recipe, metadata
    )
