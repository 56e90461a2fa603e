"""A small network of house styles that was never trained: its styles differ in their gains and shifts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.tasks import File
from studio.style.house import known_styles
from studio.style.house.settings import TrainStyleSettings

SETTINGS = TrainStyleSettings(
    width=8, blocks=1, size=64, photo_size=72, batch=2, steps=4, test_every=2, ema_steps=2
)
STYLES = ("rain", "sand")


def network(settings: TrainStyleSettings = SETTINGS, styles: int = len(STYLES)):
    """The network itself, each style with gains and shifts of its own."""
    from studio.style.house.network import StyledNorm
    from studio.style.house.network import network as fresh

    model = fresh(settings, styles)
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, StyledNorm):
            layer.set_weights([rng.normal(0, 0.05, one.shape) for one in layer.get_weights()])
    return model


def make(
    target: str | Path = "tiny",
    styles: tuple[str, ...] = STYLES,
    learned_from: Sequence[File] = (),
    added_to: str = "",
    taught: tuple[str, ...] = (),
) -> Preset:
    """Saves it under a name of STUDIO_HOME/presets, or in a folder.

    Args:
        learned_from: its style images.
        added_to: the network whose styles it has left as they were, but for those trained; "" for none.
    """
    settings = SETTINGS.model_copy(update={"only_new": bool(added_to)})
    images = [recipes.Input(digest=file.digest, name=file.name) for file in learned_from]
    recipe = recipes.Recipe(
        task=known_styles.TASK, settings=settings.model_dump(mode="json"), inputs={"style": images}
    )
    told = {
        "styles": list(styles),
        "command": "none",
        "figures": {"started_from": added_to, "taught": list(taught)},
    }
    return presets.save(
        target, network(styles=len(styles)), known_styles.TASK, settings, "# Tiny styles\n", recipe, told
    )
