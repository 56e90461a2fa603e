"""The loss of a network that colorizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from studio.colour import bins
from studio.colour.network import network
from studio.colour.settings import TrainColourSettings
from studio.core.training.loss_model import LossModel


class Learner(LossModel):
    """A network, and the cross-entropy of its odds against the colours of photos, rare ones counting more.

    A batch is `{"seen": (B, H, W, 4), "colours": (B, H / 4, W / 4, 2)}`, `float32`.

    Args:
        settings: of the network and how it learns.
        prior: how often each colour is seen, `(bins,)`.
    """

    def __init__(self, settings: TrainColourSettings, prior: np.ndarray):
        super().__init__(settings, ["loss_nats"])
        self.network = network(settings)
        self.network.get_layer("prior").log.assign(np.log(prior))
        self.centres = bins.centres()
        self.rarity = bins.rarity(prior, settings.rebalance)

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """The mean loss of all places, in nats."""
        logits = self.network(batch["seen"], training=training)
        colours = batch["colours"][..., None, :]
        away = ops.sum(ops.square(colours - self.centres), axis=-1)
        shares = ops.softmax(-away / (2 * (bins.SPACING / 2) ** 2))
        nats = -ops.sum(shares * ops.log_softmax(logits), axis=-1)
        return {"loss_nats": ops.mean(nats * ops.sum(shares * self.rarity, axis=-1))}
