"""A small untrained colorization network; its colors are arbitrary but deterministic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import saved_models

from studio.colorize import models
from studio.colorize.settings import NO_BACKBONE, TrainColorizeSettings
from studio.core import recipes
from studio.core.models.presets import Preset
from studio.core.weights import pretrained

SETTINGS = TrainColorizeSettings(
    width=4, photo_size=48, window=32, batch=4, steps=4, test_every=2, ema_steps=2, held_out=0.1
)
BACKBONE = "efficientnet-lite0"
BACKBONE_SETTINGS = SETTINGS.model_copy(update={"backbone": BACKBONE})


def build_network(settings: TrainColorizeSettings = SETTINGS):
    """Returns the network with random weights, biases and a prior."""
    from studio.colorize.network import build_network as fresh

    model = fresh(settings)
    rng = np.random.default_rng(3)
    model.set_weights([array + rng.normal(0, 0.05, array.shape) for array in model.get_weights()])
    return model


def make(target: str | Path = "tiny", settings: TrainColorizeSettings = SETTINGS) -> Preset:
    """Saves the model under a name in STUDIO_HOME/presets, or in a folder."""
    weights = {}
    if settings.backbone != NO_BACKBONE:
        weights[settings.backbone] = pretrained.get_status(settings.backbone).digest
    recipe = recipes.Recipe(
        task=models.TASK, settings=settings.model_dump(mode="json"), inputs={}, weights=weights
    )
    metadata = {"command": "none", "figures": {}}
    network = build_network(settings)
    return saved_models.save(target, network, models.TASK, settings, "# Tiny\n", recipe, metadata)
