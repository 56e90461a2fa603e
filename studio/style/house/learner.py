"""The training losses of a network of house styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops

from studio.core.objectives import losses
from studio.core.objectives.backbones import Backbone
from studio.core.training.loss_model import LossModel
from studio.core.training.precision import cast_to_float32, use_precision
from studio.style.house.gram_loss import CONTENT_LAYER, STYLE_LAYERS, content_weight
from studio.style.house.network import StyledNorm, build_network
from studio.style.house.settings import MAX_SHIFT, TrainStyleSettings

_LOSSES = ("style", "content", "smoothness", "steadiness")


class Learner(LossModel):
    """A network of house styles and its losses: style, content, smoothness and steadiness.

    A batch is `{"photos": (B, size + MAX_SHIFT, size + MAX_SHIFT, 3) uint8, "styles": (B,) int32, "shift":
    (B, 2) int32}`. "shift" is the shift in px of the second view, the same for all photos. Only every second
    photo has a second view, because each costs another forward pass.

    Args:
        settings: of the network and its losses.
        grams: one per style image, `{layer: (C, C) float32}`.
        backbone: VGG16 with average pooling, for the features of the results.
    """

    def __init__(
        self,
        settings: TrainStyleSettings,
        grams: Sequence[Mapping[str, np.ndarray]],
        backbone: Backbone,
    ):
        super().__init__(settings, _LOSSES)
        with use_precision(settings.precision):
            self.network = build_network(settings, len(grams))
        self.grams = {layer: np.stack([gram[layer] for gram in grams]) for layer in STYLE_LAYERS}
        extract = backbone.with_precision(settings.precision).build_extractor((*STYLE_LAYERS, CONTENT_LAYER))
        # A function, so that Keras does not track VGG16 as a part of this model.
        self._extract = lambda images: extract(images)

    def freeze_shared_weights(self) -> None:
        """Freezes all but the gains and shifts of the styles; call it before `compile_with_schedule`."""
        for layer in self.network.layers:
            layer.trainable = isinstance(layer, StyledNorm)

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns the four losses of a batch, unweighted scalars."""
        side = self.settings.size
        photos = ops.cast(batch["photos"], "float32") / 255
        shares = ops.one_hot(batch["styles"], self.network.inputs[1].shape[-1])
        first_views = photos[:, :side, :side]
        results = self.network([first_views, shares], training=training)
        loss_values = self._compute_image_losses(first_views, results, batch["styles"])
        if self.settings.steadiness:
            down, right = batch["shift"][0, 0], batch["shift"][0, 1]
            subset = photos[::2]
            second_views = ops.slice(subset, [0, down, right, 0], (subset.shape[0], side, side, 3))
            second_results = self.network([second_views, shares[::2]], training=training)
            loss_values["steadiness"] = self._compute_steadiness_loss(
                results[::2], second_results, down, right
            )
        return loss_values

    def _compute_image_losses(self, photos: Any, results: Any, styles: Any) -> dict[str, Any]:
        """Returns the mean style, content and smoothness losses of the batch."""
        count = photos.shape[0]
        features = {
            layer: ops.split(activations, count) for layer, activations in self._extract(results).items()
        }
        content_targets = ops.split(cast_to_float32(self._extract(photos)[CONTENT_LAYER]), count)
        sums = dict.fromkeys(_LOSSES, 0.0)
        for n, image in enumerate(ops.split(results, count)):
            for layer in STYLE_LAYERS:
                gram = ops.take(ops.convert_to_tensor(self.grams[layer]), styles[n], axis=0)
                target = (gram, ops.sum(ops.square(gram)) + 1e-12)
                regions = _split_regions(features[layer][n], self.settings.parts)
                style_loss = sum(losses.compute_style_loss(part, target) for part in regions)
                sums["style"] += style_loss / (len(regions) * len(STYLE_LAYERS))
            target = (content_targets[n], ops.mean(ops.square(content_targets[n])) + 1e-8)
            sums["content"] += losses.compute_content_loss(
                cast_to_float32(features[CONTENT_LAYER][n]), target
            )
            sums["smoothness"] += losses.compute_variation(image, ())
        return {name: total / count for name, total in sums.items()}

    def _compute_steadiness_loss(self, results: Any, second_results: Any, down: Any, right: Any) -> Any:
        """Returns the mean squared difference of two views where they overlap."""
        side = self.settings.size - MAX_SHIFT
        overlap = ops.slice(results, [0, down, right, 0], (results.shape[0], side, side, 3))
        return ops.mean(ops.square(overlap - second_results[:, :side, :side]))

    def sum_losses(self, losses: Mapping[str, Any], training: bool) -> Any:
        """Returns the weighted sum of all losses."""
        weights = {
            "style": 1.0,
            "content": content_weight(self.settings.strength),
            "smoothness": self.settings.smoothness,
            "steadiness": self.settings.steadiness,
        }
        return sum(weight * losses[name] for name, weight in weights.items())

    def measure_photo(self, photo: np.ndarray, style: int) -> dict[str, float]:
        """Computes the losses of one photo by name, and "total", their weighted sum.

        Args:
            photo: `(size + MAX_SHIFT, size + MAX_SHIFT, 3) uint8`.
            style: index of the style.
        """
        batch = {
            "photos": photo[None],
            "styles": np.array([style], "int32"),
            "shift": np.full((1, 2), 3, "int32"),
        }
        results = self.test_on_batch(batch, return_dict=True)
        values = {name: float(results[name]) for name in _LOSSES}
        return {**values, "total": self.sum_losses(values, False)}


def _split_regions(maps: Any, parts: int) -> list[Any]:
    """Splits activations, `(1, h, w, C)`, into `parts` by `parts` regions."""
    height, width = maps.shape[1:3]
    rows = [slice(height * n // parts, height * (n + 1) // parts) for n in range(parts)]
    columns = [slice(width * n // parts, width * (n + 1) // parts) for n in range(parts)]
    return [maps[:, down, right] for down in rows for right in columns]
