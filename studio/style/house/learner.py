"""The losses of a network of house styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

from studio.core.objectives import losses
from studio.core.objectives.backbones import Backbone
from studio.core.training.loss_model import LossModel
from studio.core.training.precision import as_float32, computing_in
from studio.style.house.gram_loss import CONTENT_LAYER, STYLE_LAYERS, content_weight
from studio.style.house.network import StyledNorm, network
from studio.style.house.settings import FARTHEST, TrainStyleSettings

_LOSSES = ("style", "content", "smoothness", "steadiness")


class Learner(LossModel):
    """A network of house styles and its losses: style, content, smoothness and steadiness.

    A batch is `{"photos": (B, size + FARTHEST, size + FARTHEST, 3) uint8, "styles": (B,) int32, "moved":
    (B, 2) int32}`: the last one says by how many pixels the second view is moved, all alike. Every second
    photo has such a view: as many again would cost as much as all that VGG16 looks at.

    Args:
        settings: shape and weights of the losses.
        grams: of each style image, `{layer: (C, C) float32}`.
        backbone: VGG16 with means for maxima, that looks at what was painted.
    """

    def __init__(
        self,
        settings: TrainStyleSettings,
        grams: Sequence[Mapping[str, np.ndarray]],
        backbone: Backbone,
    ):
        super().__init__(settings, _LOSSES)
        with computing_in(settings.precision):
            self.network = network(settings, len(grams))
        self.grams = {layer: np.stack([gram[layer] for gram in grams]) for layer in STYLE_LAYERS}
        look = backbone.computing(settings.precision).features((*STYLE_LAYERS, CONTENT_LAYER))
        self._look = lambda images: look(images)  # in a function: VGG16 is no part of this model

    def only_styles(self) -> None:
        """Lets training change gains and shifts alone; call it before `start`."""
        for layer in self.network.layers:
            layer.trainable = isinstance(layer, StyledNorm)

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """The four losses of a batch, each a scalar, before their weights."""
        side = self.settings.size
        photos = ops.cast(batch["photos"], "float32") / 255
        shares = ops.one_hot(batch["styles"], self.network.inputs[1].shape[-1])
        first = photos[:, :side, :side]
        painted = self.network([first, shares], training=training)
        found = self._unlike(first, painted, batch["styles"])
        if self.settings.steadiness:
            down, right = batch["moved"][0, 0], batch["moved"][0, 1]
            some = photos[::2]
            second = ops.slice(some, [0, down, right, 0], (some.shape[0], side, side, 3))
            again = self.network([second, shares[::2]], training=training)
            found["steadiness"] = self._unsteady(painted[::2], again, down, right)
        return found

    def _unlike(self, photos: Any, painted: Any, styles: Any) -> dict[str, Any]:
        """Weighted losses of style, content and smoothness, means of the batch."""
        count = photos.shape[0]
        looks = {layer: ops.split(found, count) for layer, found in self._look(painted).items()}
        wanted = ops.split(as_float32(self._look(photos)[CONTENT_LAYER]), count)
        sums = dict.fromkeys(_LOSSES, 0.0)
        for n, image in enumerate(ops.split(painted, count)):
            for layer in STYLE_LAYERS:
                gram = ops.take(ops.convert_to_tensor(self.grams[layer]), styles[n], axis=0)
                target = (gram, ops.sum(ops.square(gram)) + 1e-12)
                parts = _cut(looks[layer][n], self.settings.parts)
                missed = sum(losses.value(losses.STYLE, part, target) for part in parts)
                sums["style"] += missed / (len(parts) * len(STYLE_LAYERS))
            target = (wanted[n], ops.mean(ops.square(wanted[n])) + 1e-8)
            sums["content"] += losses.value(losses.CONTENT, as_float32(looks[CONTENT_LAYER][n]), target)
            sums["smoothness"] += losses.value(losses.VARIATION, image, ())
        return {name: total / count for name, total in sums.items()}

    def _unsteady(self, painted: Any, again: Any, down: Any, right: Any) -> Any:
        """How much two views differ where both see the same: a mean square."""
        side = self.settings.size - FARTHEST
        one = ops.slice(painted, [0, down, right, 0], (painted.shape[0], side, side, 3))
        return ops.mean(ops.square(one - again[:, :side, :side]))

    def total(self, losses: Mapping[str, Any], training: bool) -> Any:
        """The weighted sum of all losses."""
        return sum(weight * losses[name] for name, weight in self._weights().items())

    def _weights(self) -> dict[str, float]:
        return {
            "style": 1.0,
            "content": content_weight(self.settings.strength),
            "smoothness": self.settings.smoothness,
            "steadiness": self.settings.steadiness,
        }

    def photo_losses(self, photo: np.ndarray, style: int) -> dict[str, float]:
        """The losses of one photo, `(size + FARTHEST, size + FARTHEST, 3) uint8`, and "total", their weighted
        sum."""
        batch = {
            "photos": photo[None],
            "styles": np.array([style], "int32"),
            "moved": np.full((1, 2), 3, "int32"),
        }
        found = self.test_on_batch(batch, return_dict=True)
        named = {name: float(found[name]) for name in _LOSSES}
        return {**named, "total": self.total(named, False)}


def _cut(maps: Any, parts: int) -> list[Any]:
    """The maps of a painting, `(1, h, w, C)`, in so many parts a side."""
    height, width = maps.shape[1:3]
    rows = [slice(height * n // parts, height * (n + 1) // parts) for n in range(parts)]
    columns = [slice(width * n // parts, width * (n + 1) // parts) for n in range(parts)]
    return [maps[:, down, right] for down in rows for right in columns]
