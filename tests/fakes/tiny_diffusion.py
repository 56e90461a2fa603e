"""A small untrained diffusion model whose images depend on noise, class and steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import saved_models

from studio.core import recipes
from studio.core.models.presets import Preset
from studio.diffusion.settings import TrainDiffusionSettings

SETTINGS = TrainDiffusionSettings(width=16, size=28, colors="gray")
CLASSES = ("one", "two", "three")


def make_unet(settings: TrainDiffusionSettings = SETTINGS, class_count: int = len(CLASSES)):
    """Returns a Keras model; its last layers do not start at 0."""
    from studio.diffusion.model import Unet

    unet, rng = Unet(settings, class_count), np.random.default_rng(0)
    unet.set_weights([array + 0.05 * rng.standard_normal(array.shape) for array in unet.get_weights()])
    return unet


def make(
    folder: Path, settings: TrainDiffusionSettings = SETTINGS, classes: Sequence[str] = CLASSES
) -> Preset:
    """Writes the files of a model folder."""
    recipe = recipes.Recipe(task="diffusion.train", settings=settings.model_dump(mode="json"))
    data = {"trained_on": "nothing", "classes": list(classes), "figures": {}}
    card = "# Draws nothing\n\nLicense: CC0-1.0\n"
    unet = make_unet(settings, len(classes))
    return saved_models.save(folder, unet, "diffusion.train", settings, card, recipe, data)
