"""A small untrained house style network; its styles differ in gain and shift."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import saved_models

from studio.core import recipes
from studio.core.models.presets import Preset
from studio.core.tasks import File
from studio.style.house import known_styles
from studio.style.house.settings import TrainStyleSettings

SETTINGS = TrainStyleSettings(
    width=8, blocks=1, size=64, photo_size=72, batch=2, steps=4, test_every=2, ema_steps=2
)
STYLES = ("rain", "sand")


def build_network(settings: TrainStyleSettings = SETTINGS, styles: int = len(STYLES)):
    """Returns the network, with different gains and shifts for each style."""
    from studio.style.house.network import StyledNorm
    from studio.style.house.network import build_network as fresh

    model = fresh(settings, styles)
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, StyledNorm):
            layer.set_weights([rng.normal(0, 0.05, array.shape) for array in layer.get_weights()])
    return model


def make(
    target: str | Path = "tiny",
    styles: tuple[str, ...] = STYLES,
    learned_from: Sequence[File] = (),
    added_to: str = "",
    trained_styles: tuple[str, ...] = (),
) -> Preset:
    """Saves the model under a name in STUDIO_HOME/presets, or in a folder.

    Args:
        learned_from: its style images.
        added_to: the network whose styles it has left as they were, but for those trained; "" for none.
    """
    settings = SETTINGS.model_copy(update={"only_new": bool(added_to)})
    images = [recipes.Input(digest=file.digest, name=file.name) for file in learned_from]
    recipe = recipes.Recipe(
        task=known_styles.TASK, settings=settings.model_dump(mode="json"), inputs={"style": images}
    )
    metadata = {
        "styles": list(styles),
        "command": "none",
        "figures": {"started_from": added_to, "trained_styles": list(trained_styles)},
    }
    return saved_models.save(
        target,
        build_network(styles=len(styles)),
        known_styles.TASK,
        settings,
        "# Tiny styles\n",
        recipe,
        metadata,
    )
