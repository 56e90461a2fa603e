"""A small untrained DCGAN with large weights, so its images vary a lot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import saved_models

from studio.core import recipes
from studio.core.generators.directions import Direction
from studio.dcgan.settings import TrainDcganSettings

SETTINGS = TrainDcganSettings(width=4, latent_dim=8, size=32)
# A training run on gray images that takes seconds and tests twice.
SHORT: dict[str, Any] = {
    "steps": 6,
    "width": 4,
    "discriminator_width": 4,
    "size": 28,
    "batch": 8,
    "test_every": 3,
    "latent_dim": 8,
    "colors": "gray",
}


def make(folder: Path, classes: Sequence[str] = ()) -> Path:
    """Writes the files of a model folder."""
    from studio.dcgan import model

    gan = model.Gan(SETTINGS, class_count=len(classes))
    rng = np.random.default_rng(0)
    for layer in gan.generator.layers:
        if hasattr(layer, "kernel"):
            layer.kernel.assign(rng.normal(scale=0.3, size=layer.kernel.shape))
    axes = np.eye(SETTINGS.latent_dim, dtype="float32")
    directions = {f"direction-{n + 1}": Direction(axes[n], "of the tests").to_json() for n in range(2)}
    data = {"trained_on": "nothing", "directions": directions, "density": None, "figures": {}}
    data["classes"] = list(classes)
    recipe = recipes.Recipe(task="dcgan.train", settings=SETTINGS.model_dump(mode="json"))
    saved_models.save(
        folder, gan, "dcgan.train", SETTINGS, "# Draws nothing\n\nLicense: CC0-1.0\n", recipe, data
    )
    return folder


def fit(images, settings, progress=None, **options):
    """Trains on these images and returns the result. See `studio.dcgan.train.Trainer`."""
    from studio.dcgan.train import Trainer

    return Trainer(images, settings, progress=progress, **options).fit(progress)
