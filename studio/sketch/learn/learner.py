"""What learns: a painter of avatars, who says which color each pixel has, or one of images of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.sketch import models, palette
from studio.sketch.learn.game import Game
from studio.sketch.settings import PainterSettings, TrainSketchSettings

_ROLES_COUNT = 6.0  # a nat of doubt about which color a pixel has is as bad as so many hundredths of it


class Learner(Game):
    """A painter of avatars.

    A batch has also "colors", `(B, ROLES + 1, 3)` of `palette`, "roles", `(B, size, size) int32`, which of
    them each pixel has, and "counts", `(B, size, size, 1)`, how much it counts.
    """

    def painted(self, layers: Any, batch: Mapping[str, Any]) -> Any:
        """The colors of each avatar laid where the layers say."""
        return painted(layers, batch["colors"])

    def unlikeness(self, layers: Any, made: Any, batch: Mapping[str, Any]) -> Any:
        """How far colors are off, and how unsure it is which one each pixel has."""
        counts = batch["counts"]
        unlike = ops.mean(ops.abs(made - batch["image"]) * counts) / ops.mean(counts)
        missed = keras.losses.sparse_categorical_crossentropy(batch["roles"], layers[..., :-1], True)
        missed = ops.mean(missed * counts[..., 0]) / ops.mean(counts)
        return self.settings.likeness * unlike + _ROLES_COUNT * missed


class PairLearner(Game):
    """A painter of whatever it is shown: its layers are the colors themselves."""

    def painted(self, layers: Any, batch: Mapping[str, Any]) -> Any:
        """The layers between black and white."""
        return ops.sigmoid(layers)

    def unlikeness(self, layers: Any, made: Any, batch: Mapping[str, Any]) -> Any:
        """How far colors are off."""
        return self.settings.likeness * ops.mean(ops.abs(made - batch["image"]))


def learner(settings: PainterSettings) -> Game:
    """The one that learns what settings ask for."""
    kind = Learner if isinstance(settings, TrainSketchSettings) else PairLearner
    return kind(settings)


def load(preset: Preset) -> Game:
    """The trained networks of a preset. Raises `InvalidInput` if it is another model, or not whole."""
    loaded = learner(models.settings_of(preset))
    loading.fill(loaded, preset)
    return loaded


def networks(preset: Preset) -> dict[str, keras.Model]:
    """What is exported: the painter. Raises `InvalidInput` as `load`."""
    return {"network": load(preset).generator}


def painted(layers: Any, colors: Any) -> Any:
    """What becomes of the layers: `(B, H, W, 3)` in [0, 1]. As `palette.painted`, in Keras.

    Args:
        colors: `(B, ROLES + 1, 3)`.
    """
    masks = ops.softmax(layers[..., :-1])
    depth = palette.DEEPEST * ops.sigmoid(layers[..., -1:])
    _, side, _, roles = masks.shape
    flat = ops.matmul(ops.reshape(masks[..., 1:], (-1, side * side, roles - 1)), colors[:, 1:roles])
    ground, light = colors[:, None, :1], colors[:, None, roles:]
    sky = ground + palette.moon(side) * (light - ground)
    return ops.reshape(flat, (-1, side, side, 3)) * (1 - depth * palette.LOST) + masks[..., :1] * sky
