"""The losses of a U-Net and its discriminator.

Reference:
    Isola et al. 2016, arXiv:1611.07004: L1 loss, and a patch discriminator that also sees the drawing; with
    the hinge loss of Lim and Ye 2017, arXiv:1705.02894.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import adversarial_adam, compute_frozen_logits
from studio.core.training.loss_model import LossModel
from studio.sketch.network import build_discriminator, build_generator
from studio.sketch.settings import UNetSettings


class AdversarialLearner(LossModel):
    """Both networks and their losses. Subclasses render layers and compute the reconstruction loss.

    A batch has "drawing", `(B, size, size, planes) float32 in [0, 1]`, "image", `(B, size, size, 3)` in the
    same range, and what the subclass needs.

    Args:
        settings: of the networks and their training.
    """

    jit = "auto"

    def __init__(self, settings: UNetSettings):
        super().__init__(settings, ("off", "generator", "discriminator"))
        self.generator, self.discriminator = build_generator(settings), build_discriminator(settings)

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns Adam for each network, constant for the discriminator."""
        rate = self.make_schedule(self.settings.learning_rate)
        return adversarial_adam(self.generator.trainable_variables, rate, self.settings.discriminator_rate)

    def render(self, layers: Any, batch: Mapping[str, Any]) -> Any:
        """Renders the layers: `(B, size, size, 3)` in [0, 1]."""
        raise NotImplementedError

    def reconstruction_loss(self, layers: Any, images: Any, batch: Mapping[str, Any]) -> Any:
        """Returns the generator's loss without the adversarial term, a scalar."""
        raise NotImplementedError

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns the losses as scalars; "off" is the mean absolute error, 0 to 255."""
        drawing, truth = batch["drawing"], batch["image"]
        layers = self.generator(drawing, training=training)
        images = self.render(layers, batch)
        losses = {
            "off": 255 * ops.mean(ops.abs(images - truth)),
            "generator": self.reconstruction_loss(layers, images, batch),
            "discriminator": ops.zeros(()),
        }
        if self.settings.adversarial:
            condition, real, fake = (ops.average_pool(x, 2, 2) for x in (drawing, truth, images))
            real_input, fake_input = (ops.concatenate([x, condition], axis=-1) for x in (real, fake))
            real_logits = self.discriminator(real_input, training=training)
            fake_logits = self.discriminator(ops.stop_gradient(fake_input), training=training)
            real_loss, fake_loss = ops.mean(ops.relu(1 - real_logits)), ops.mean(ops.relu(1 + fake_logits))
            losses["discriminator"] = real_loss + fake_loss
            realness = ops.mean(compute_frozen_logits(self.discriminator, fake_input))
            losses["generator"] = losses["generator"] - self.settings.adversarial * realness
        return losses

    def sum_losses(self, losses: Mapping[str, Any], training: bool) -> Any:
        """Returns the sum of both losses; the gradient of each reaches only its own network."""
        return losses["generator"] + losses["discriminator"]
