"""The loss of a network that colorizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from studio.colorize import bins
from studio.colorize.network import add_backbone, build_network
from studio.colorize.settings import TrainColorizeSettings
from studio.core.training.loss_model import LossModel


class Learner(LossModel):
    """A network and its cross-entropy against the colors of photos, with class rebalancing.

    A batch is `{"input": (B, H, W, 4), "colors": (B, H / 4, W / 4, 2)}`, `float32`.

    Args:
        settings: of the network and its training.
        prior: frequencies of the colors, `(bins,)`.

    Attributes:
        network: the part that is trained.
        get_whole_network: returns the network with its backbone, from photos to logits.

    Raises:
        StudioError: if the weights of the backbone cannot be loaded.
    """

    def __init__(self, settings: TrainColorizeSettings, prior: np.ndarray):
        super().__init__(settings, ["loss_nats"])
        self.network = build_network(settings)
        whole_network = add_backbone(self.network, settings)
        # In a function, because Keras tracks attributes: checkpoints would hold the weights of the backbone.
        self.get_whole_network = lambda: whole_network
        self.network.get_layer("prior").log.assign(np.log(prior))
        self.centers = bins.centers()
        self.rarity = bins.compute_class_weights(prior, settings.rebalance)

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns the mean loss over all positions, in nats."""
        logits = self.get_whole_network()(batch["input"], training=training)
        colors = batch["colors"][..., None, :]
        distance = ops.sum(ops.square(colors - self.centers), axis=-1)
        shares = ops.softmax(-distance / (2 * (bins.SPACING / 2) ** 2))
        nats = -ops.sum(shares * ops.log_softmax(logits), axis=-1)
        return {"loss_nats": ops.mean(nats * ops.sum(shares * self.rarity, axis=-1))}
