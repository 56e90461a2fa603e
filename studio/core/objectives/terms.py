"""Objectives: functions of an image to optimize, which can be added and scaled.

    style("block1_conv1", gram) + 0.05 * content("block4_conv2", target) + 0.1 * total_variation()

A term reads one layer in two steps: `gather` sums over the positions of the layer, `finish` turns the sum
into a scalar. Because sums over tiles add up, an image too large for memory is computed in tiles with the
same result (`studio.core.objectives.evaluate`).

The caller chooses the direction: a dream maximizes an objective, style transfer minimizes it.

Reference:
    The algebra follows the idea of Lucid's objectives (Olah et al. 2017, "Feature Visualization").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from studio.core.objectives import losses
from studio.core.objectives.losses import TermKind

IMAGE = "image"  # layer name of the pixels


class Term(NamedTuple):
    """A weighted scalar: `weight * finish(gather(activations of layer))`."""

    weight: float
    name: str
    layer: str
    kind: TermKind
    targets: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Objective:
    """A weighted sum of named terms."""

    terms: tuple[Term, ...] = ()

    def __add__(self, other: Objective) -> Objective:
        return Objective(self.terms + other.terms)

    def __sub__(self, other: Objective) -> Objective:
        return self + -1.0 * other

    def __rmul__(self, weight: float) -> Objective:
        return Objective(tuple(term._replace(weight=weight * term.weight) for term in self.terms))

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of the backbone to compute, without duplicates."""
        return tuple(dict.fromkeys(term.layer for term in self.terms if term.layer != IMAGE))

    def evaluate_terms(self, features: Mapping[str, Any]) -> list[float]:
        """Evaluates each term without its weight, in order.

        Args:
            features: `{layer: (1, h, w, C) float32}`, with the pixels under IMAGE.
        """
        return [
            float(losses.evaluate_term(term.kind, features[term.layer], term.targets)) for term in self.terms
        ]

    def __call__(self, features: Mapping[str, Any]) -> float:
        """Returns the weighted sum of the terms; see `evaluate_terms`."""
        values = self.evaluate_terms(features)
        return sum(term.weight * value for term, value in zip(self.terms, values, strict=True))


def total_variation() -> Objective:
    """Returns the total variation: the mean squared difference of neighboring pixels, 0 for a flat image."""
    return _make_objective("total_variation", IMAGE, losses.VARIATION)


def layer(name: str) -> Objective:
    """Returns the mean square of a layer's activations, the default objective of a dream.

    Reference:
        Mordvintsev et al. 2015, "Inceptionism".
    """
    return _make_objective("layer", name, losses.LAYER)


def mean(name: str) -> Objective:
    """Returns the mean activation of a layer, which weights weak and strong activations equally."""
    return _make_objective("mean", name, losses.MEAN)


def channel(name: str, index: int) -> Objective:
    """Returns the mean activation of a channel over all positions.

    Args:
        name: name of the layer.
        index: index of the channel, from 0.

    Reference:
        Olah et al. 2017, "Feature Visualization".
    """
    return _make_objective("channel", name, losses.CHANNEL, (index,))


def neuron(name: str, index: int, row: float = 0.5, column: float = 0.5) -> Objective:
    """Returns the activation of a channel at one position; not for images in tiles.

    Args:
        name: name of the layer.
        index: index of the channel, from 0.
        row, column: position from 0 (top, left) to 1 (bottom, right); by default the center.
    """
    return _make_objective("neuron", name, losses.NEURON, (index, row, column))


def guide(name: str, target: Any) -> Objective:
    """Returns the mean dot product of each position of a layer with its best-matching position of a guide.

    Args:
        name: name of the layer.
        target: activations of the guide image, `(1, h, w, C) float32`, of any size. A few hundred positions
            are enough; each position of the image is compared with all of them.

    Reference:
        The guided dreams of Mordvintsev et al. 2015. A dot product, unlike a distance, also strengthens the
        matching activations.
    """
    return _make_objective("guide", name, losses.GUIDE, (target,))


def color(target: Any) -> Objective:
    """Returns the mean squared difference of the mean color of an image from a target color.

    Args:
        target: RGB color, `(3,) float32 in [0, 1]`.
    """
    return _make_objective("color", IMAGE, losses.COLOR, (target,))


def content(layer: str, target: Any) -> Objective:
    """Returns the content loss: the relative squared distance of a layer from a target.

    It is 0 for equal activations and about 1 for unrelated ones.

    Args:
        layer: name of the layer.
        target: activations of the content image, `(1, h, w, C) float32`.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; divided by the mean square of the target, so that one weight
        serves all weights of a backbone.
    """
    from keras import ops

    return _make_objective("content", layer, losses.CONTENT, (target, ops.mean(ops.square(target)) + 1e-8))


def style(layer: str, target: Any, mask: Any = None) -> Objective:
    """Returns the style loss: the relative squared distance of a layer's Gram matrix from a target.

    Args:
        layer: name of the layer.
        target: `compute_gram_matrix` of the style image, `(C, C) float32`, or a weighted mean of several.
        mask: region of this style in the layer, `(1, h, w, 1) float32 in [0, 1]`; None for everywhere.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; masks as in Gatys et al. 2016, arXiv:1611.07865.
    """
    from keras import ops

    squared_norm = ops.sum(ops.square(target)) + 1e-12
    if mask is None:
        return _make_objective("style", layer, losses.STYLE, (target, squared_norm))
    masked_share = ops.maximum(ops.mean(mask), 1e-6)
    return _make_objective("style", layer, losses.MASKED_STYLE, (mask, target, squared_norm, masked_share))


def compute_gram_matrix(features: Any) -> Any:
    """Returns the Gram matrix: which channels are active together, independent of position.

    It is divided by H * W * C, so that one set of layer weights serves every image size.

    Args:
        features: activations of a layer, `(1, H, W, C) float32`.

    Returns:
        `(C, C) float32`, symmetric, positive semi-definite.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; divided as in Johnson et al. 2016, arXiv:1603.08155.
    """
    return losses.sum_products(features, ()) / (losses.count_positions(features) * features.shape[-1])


def _make_objective(name: str, layer: str, kind: TermKind, targets: tuple = ()) -> Objective:
    return Objective((Term(1.0, name, layer, kind, targets),))
