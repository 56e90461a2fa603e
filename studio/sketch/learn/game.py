"""The losses of a U-Net that paints and of its discriminator.

Reference:
    Isola et al. 2016, arXiv:1611.07004: likeness in L1, and a discriminator of patches that sees the drawing,
    too; with the hinge loss of Lim and Ye 2017, arXiv:1705.02894.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import adams, frozen_logits
from studio.core.training.loss_model import LossModel
from studio.sketch.network import discriminator, painter
from studio.sketch.settings import PainterSettings


class Game(LossModel):
    """Both networks, and their game. A subclass says what becomes of the layers, and how unlike it is.

    A batch has "drawing", `(B, size, size, planes) float32 in [0, 1]`, and "image", `(B, size, size, 3)`
    alike, and what else the subclass needs.

    Args:
        settings: of the networks and how they learn.
    """

    jit = "auto"

    def __init__(self, settings: PainterSettings):
        super().__init__(settings, ("off", "painter", "discriminator"))
        self.generator, self.discriminator = painter(settings), discriminator(settings)

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """Adam for each network; the learning rate of the discriminator is constant."""
        rate = self.schedule(self.settings.learning_rate)
        return adams(self.generator.trainable_variables, rate, self.settings.discriminator_rate)

    def painted(self, layers: Any, batch: Mapping[str, Any]) -> Any:
        """What becomes of the layers: `(B, size, size, 3)` in [0, 1]."""
        raise NotImplementedError

    def unlikeness(self, layers: Any, made: Any, batch: Mapping[str, Any]) -> Any:
        """What the painter loses, next to the discriminator: a scalar."""
        raise NotImplementedError

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """What each network loses, as scalars; "off" is the mean error in levels of 255."""
        drawing, truth = batch["drawing"], batch["image"]
        layers = self.generator(drawing, training=training)
        made = self.painted(layers, batch)
        found = {
            "off": 255 * ops.mean(ops.abs(made - truth)),
            "painter": self.unlikeness(layers, made, batch),
            "discriminator": ops.zeros(()),
        }
        if self.settings.adversarial:
            small, real, fake = (ops.average_pool(one, 2, 2) for one in (drawing, truth, made))
            true = self.discriminator(ops.concatenate([real, small], axis=-1), training=training)
            false = self.discriminator(
                ops.concatenate([ops.stop_gradient(fake), small], axis=-1), training=training
            )
            found["discriminator"] = ops.mean(ops.relu(1 - true)) + ops.mean(ops.relu(1 + false))
            fooled = frozen_logits(self.discriminator, ops.concatenate([fake, small], axis=-1))
            found["painter"] = found["painter"] - self.settings.adversarial * ops.mean(fooled)
        return found

    def total(self, losses: Mapping[str, Any], training: bool) -> Any:
        """The sum of both losses; each reaches only its own network."""
        return losses["painter"] + losses["discriminator"]
