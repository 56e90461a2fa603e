"""A small network that paints, never trained: what it paints is noise, but always the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.sketch import models
from studio.sketch.settings import PainterSettings, TrainSketchSettings, TrainTranslateSettings

SETTINGS = TrainSketchSettings(
    size=32, width=4, discriminator_width=4, steps=4, test_every=2, batch=4, ema_steps=2
)


def learner(settings: PainterSettings = SETTINGS):
    """Both networks, with biases too."""
    from studio.sketch.learn.learner import Learner

    made = Learner(settings)
    rng = np.random.default_rng(3)
    weights = made.generator.get_weights()
    made.generator.set_weights([one + rng.normal(0, 0.1, one.shape) for one in weights])
    return made


def make(target: str | Path = "tiny") -> Preset:
    """Saves it under a name of STUDIO_HOME/presets, or in a folder."""
    recipe = recipes.Recipe(task=models.TASK, settings=SETTINGS.model_dump(mode="json"), inputs={})
    told = {"command": "none", "figures": {}}
    return presets.save(target, learner(), models.TASK, SETTINGS, "# Tiny\n", recipe, told)


def make_of_pairs(target: str | Path = "tiny-pairs", ground: str = "light", edges: bool = False) -> Preset:
    """The same, as pairs train one: of drawings on such a ground, or of the edges of photos."""
    same = {name: getattr(SETTINGS, name) for name in PainterSettings.model_fields}
    settings = TrainTranslateSettings.parse({**same, "edges": edges})
    recipe = recipes.Recipe(task=models.PAIRS_TASK, settings=settings.model_dump(mode="json"), inputs={})
    told = {"command": "none", "figures": {}, "ground": "" if edges else ground}
    return presets.save(target, learner(settings), models.PAIRS_TASK, settings, "# Tiny\n", recipe, told)
