"""The losses of avatar networks, which classify pixels by color role, and of networks on pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.sketch import models, palette
from studio.sketch.learn.adversarial_learner import AdversarialLearner
from studio.sketch.settings import TrainSketchSettings, UNetSettings

_ROLE_LOSS_WEIGHT = 6.0  # weight of the role cross-entropy, in nats, against the weighted L1 loss


class AvatarLearner(AdversarialLearner):
    """Trains on avatars.

    A batch also has "colors", `(B, ROLES + 1, 3)`, see `palette`, "roles", `(B, size, size) int32`, the color
    role of each pixel, and "pixel_weights", `(B, size, size, 1)`, the weight of each pixel.
    """

    def render(self, layers: Any, batch: Mapping[str, Any]) -> Any:
        """Renders the layers in the colors of each avatar."""
        return render(layers, batch["colors"])

    def reconstruction_loss(self, layers: Any, images: Any, batch: Mapping[str, Any]) -> Any:
        """Returns the weighted L1 loss of colors plus the cross-entropy of color roles."""
        pixel_weights = batch["pixel_weights"]
        color_error = ops.mean(ops.abs(images - batch["image"]) * pixel_weights) / ops.mean(pixel_weights)
        role_nats = keras.losses.sparse_categorical_crossentropy(batch["roles"], layers[..., :-1], True)
        role_nats = ops.mean(role_nats * pixel_weights[..., 0]) / ops.mean(pixel_weights)
        return self.settings.likeness * color_error + _ROLE_LOSS_WEIGHT * role_nats


class PairLearner(AdversarialLearner):
    """Trains on pairs; the layers are RGB logits."""

    def render(self, layers: Any, batch: Mapping[str, Any]) -> Any:
        """Returns the sigmoid of the layers."""
        return ops.sigmoid(layers)

    def reconstruction_loss(self, layers: Any, images: Any, batch: Mapping[str, Any]) -> Any:
        """Returns the weighted L1 loss."""
        return self.settings.likeness * ops.mean(ops.abs(images - batch["image"]))


def make_learner(settings: UNetSettings) -> AdversarialLearner:
    """Returns the learner for the settings."""
    learner_class = AvatarLearner if isinstance(settings, TrainSketchSettings) else PairLearner
    return learner_class(settings)


def load(preset: Preset) -> AdversarialLearner:
    """Loads the trained networks of a preset. Raises `InvalidInput` for other or incomplete models."""
    learner = make_learner(models.settings_of(preset))
    loading.load_weights(learner, preset)
    return learner


def load_exported_networks(preset: Preset) -> dict[str, keras.Model]:
    """Returns the exported network, the generator. Raises like `load`."""
    return {"network": load(preset).generator}


def render(layers: Any, colors: Any) -> Any:
    """Renders layers in Keras, like `palette.render`: `(B, H, W, 3)` in [0, 1].

    Args:
        colors: `(B, ROLES + 1, 3)`.
    """
    masks = ops.softmax(layers[..., :-1])
    depth = palette.MAX_DEPTH * ops.sigmoid(layers[..., -1:])
    _, side, _, roles = masks.shape
    flat = ops.matmul(ops.reshape(masks[..., 1:], (-1, side * side, roles - 1)), colors[:, 1:roles])
    background, moon_color = colors[:, None, :1], colors[:, None, roles:]
    sky = background + palette.draw_sky(side) * (moon_color - background)
    return ops.reshape(flat, (-1, side, side, 3)) * (1 - depth * palette.SHADE) + masks[..., :1] * sky
