"""Objectives: what an image is pulled towards, as values that add and scale.

    style("block1_conv1", gram) + 0.05 * content("block4_conv2", target) + 0.1 * total_variation()

A term reads one layer in two steps: `gather` sums something over the places of the layer, `finish` turns the
sum into one number. Sums over tiles add up, so an image too large for the memory is worked on in tiles with
the same result (`studio.core.objectives.evaluate`).

An objective has no sign of its own: the verb decides. A dream climbs it, style transfer descends it.

Reference:
    The algebra follows the idea of Lucid's objectives (Olah et al. 2017, "Feature Visualization").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from studio.core.objectives import losses
from studio.core.objectives.losses import Kind

IMAGE = "image"  # the layer name of the pixels themselves


class Term(NamedTuple):
    """One weighted number: `weight * finish(gather(activations of layer))`."""

    weight: float
    name: str
    layer: str
    kind: Kind
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
        """The layers of the backbone that have to be computed, each once."""
        return tuple(dict.fromkeys(term.layer for term in self.terms if term.layer != IMAGE))

    def values(self, features: Mapping[str, Any]) -> list[float]:
        """Every term's number before its weight, in order.

        Args:
            features: `{layer: (1, h, w, C) float32}`, the pixels under IMAGE.
        """
        return [float(losses.value(term.kind, features[term.layer], term.targets)) for term in self.terms]

    def __call__(self, features: Mapping[str, Any]) -> float:
        """The weighted sum itself."""
        return sum(
            term.weight * number for term, number in zip(self.terms, self.values(features), strict=True)
        )


def total_variation() -> Objective:
    """The mean squared step between neighboring pixels: 0 for a flat image."""
    return _single("total_variation", IMAGE, losses.VARIATION)


def layer(name: str) -> Objective:
    """How strongly a layer answers: the mean square of its activations. What a dream climbs by default.

    Reference:
        Mordvintsev et al. 2015, "Inceptionism".
    """
    return _single("layer", name, losses.LAYER)


def mean(name: str) -> Objective:
    """The mean activation of a layer: weak answers count as much as strong ones."""
    return _single("mean", name, losses.MEAN)


def channel(name: str, index: int) -> Objective:
    """The mean activation of one channel of a layer, wherever it fires.

    Args:
        index: from 0 to the layer's number of channels - 1.

    Reference:
        Olah et al. 2017, "Feature Visualization".
    """
    return _single("channel", name, losses.CHANNEL, (index,))


def neuron(name: str, index: int, row: float = 0.5, column: float = 0.5) -> Objective:
    """The activation of one channel at one place, for images that are worked on in one piece.

    Args:
        index: from 0 to the layer's number of channels - 1.
        row, column: where, from 0 (top, left) to 1; the middle by default.
    """
    return _single("neuron", name, losses.NEURON, (index, row, column))


def guide(name: str, target: Any) -> Objective:
    """How well every place of a layer matches the place of a guide that it is most like.

    Args:
        target: `(1, h, w, C) float32`, the layer's activations of the guide, of any size; a few hundred
            places are enough, and every place of the image is compared with all of them.

    Reference:
        The guided dreams of Mordvintsev et al. 2015: the largest dot product, not a distance, so that what
        matches also grows stronger.
    """
    return _single("guide", name, losses.GUIDE, (target,))


def color(target: Any) -> Objective:
    """How far the mean color of an image is from another, as a mean square.

    Args:
        target: `(3,) float32 in [0, 1]`, RGB.
    """
    return _single("color", IMAGE, losses.COLOR, (target,))


def content(layer: str, target: Any) -> Objective:
    """How far a layer is from a target, relative to the target: 0 when equal, about 1 when unrelated.

    Args:
        target: `(1, h, w, C) float32`, the layer's activations of the content image.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; here divided by the target's own mean square, so that one
        weight serves every training run of a backbone.
    """
    from keras import ops

    return _single("content", layer, losses.CONTENT, (target, ops.mean(ops.square(target)) + 1e-8))


def style(layer: str, target: Any, mask: Any = None) -> Objective:
    """How far the Gram matrix of a layer is from a style's, relative to the style's own size.

    Args:
        target: `(C, C) float32`: `gram_matrix` of the style, or a weighted mean of several.
        mask: `(1, h, w, 1) float32 in [0, 1]`, where in the layer this style goes; None for everywhere.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; masks as in Gatys et al. 2016, arXiv:1611.07865.
    """
    from keras import ops

    size = ops.sum(ops.square(target)) + 1e-12
    if mask is None:
        return _single("style", layer, losses.STYLE, (target, size))
    share = ops.maximum(ops.mean(mask), 1e-6)
    return _single("style", layer, losses.MASKED_STYLE, (mask, target, size, share))


def gram_matrix(features: Any) -> Any:
    """Measures which channels fire together, wherever they fire.

    Dividing by H*W*C lets one set of layer weights serve every image size.

    Args:
        features: `(1, H, W, C) float32`, one layer's activations.

    Returns:
        `(C, C) float32`, symmetric, positive semi-definite.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; divided as in Johnson et al. 2016, arXiv:1603.08155.
    """
    return losses.products(features, ()) / (losses.place_count(features) * features.shape[-1])


def _single(name: str, layer: str, kind: Kind, targets: tuple = ()) -> Objective:
    return Objective((Term(1.0, name, layer, kind, targets),))
