"""The loss of a network that detects damage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import losses, ops

from studio.core.training.loss_model import LossModel
from studio.restore.network import build_network
from studio.restore.settings import TrainRestoreSettings


class Learner(LossModel):
    """A network, its cross-entropy and its Dice loss, which keeps rare damage from being ignored.

    A batch is `{"photo": (B, H, W, 3), "damage": (B, H, W, 1)}`, `float32`, both in [0, 1].
    """

    def __init__(self, settings: TrainRestoreSettings):
        super().__init__(settings, ["cross-entropy", "Dice loss"])
        self.network = build_network(settings)

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns both losses, over all pixels of the batch."""
        logits = self.network(batch["photo"], training=training)
        entropy = losses.BinaryCrossentropy(from_logits=True)(batch["damage"], logits)
        dice = losses.Dice()(batch["damage"], ops.sigmoid(logits))
        return {"cross-entropy": entropy, "Dice loss": dice}
