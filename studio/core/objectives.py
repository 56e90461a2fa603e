"""Objectives: what a picture is pulled towards, as values that add and scale.

    style("block1_conv1", gram) + 0.05 * content("block4_conv2", target) + 0.1 * total_variation()

A term reads one layer in two steps: `gather` sums something over the places of the layer, `finish` turns the
sum into one number. Sums over tiles add up, so a picture too large for the memory is worked on in tiles with
the same result (`studio.core.evaluate`).

An objective has no sign of its own: the verb decides. A dream climbs it, style transfer descends it.

Reference:
    The algebra follows the idea of Lucid's objectives (Olah et al. 2017, "Feature Visualization").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

PICTURE = "picture"  # the layer name of the pixels themselves


class Kind(NamedTuple):
    """How a term is computed. Its functions live in modules, so that equal kinds share one compiled graph.

    Attributes:
        gather: `(activations (1, h, w, C), targets) -> a sum over the places`, of any shape.
        finish: `(sum, number of places, number of channels, targets) -> scalar`.
        maps: how many of the targets, from the first, are maps over the places, cut into tiles with them.
    """

    gather: Callable[[Any, tuple], Any]
    finish: Callable[[Any, Any, int, tuple], Any]
    maps: int = 0


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
        return tuple(dict.fromkeys(term.layer for term in self.terms if term.layer != PICTURE))

    def values(self, features: Mapping[str, Any]) -> list[float]:
        """Every term's number before its weight, in order.

        Args:
            features: `{layer: (1, h, w, C) float32}`, the pixels under PICTURE.
        """
        return [float(value(term.kind, features[term.layer], term.targets)) for term in self.terms]

    def __call__(self, features: Mapping[str, Any]) -> float:
        """The weighted sum itself."""
        return sum(
            term.weight * number for term, number in zip(self.terms, self.values(features), strict=True)
        )


def value(kind: Kind, features: Any, targets: tuple) -> Any:
    """A term's scalar at `(1, h, w, C)` activations."""
    return kind.finish(kind.gather(features, targets), places(features), features.shape[-1], targets)


def places(features: Any) -> Any:
    """How many places a layer has: h * w, as a float32 scalar."""
    from keras import ops

    shape = ops.shape(features)
    return ops.cast(shape[1] * shape[2], "float32")


def total_variation() -> Objective:
    """The mean squared step between neighbouring pixels: 0 for a flat picture."""
    return _single("total_variation", PICTURE, _VARIATION)


def content(layer: str, target: Any) -> Objective:
    """How far a layer is from a target, relative to the target: 0 when equal, about 1 when unrelated.

    Args:
        target: `(1, h, w, C) float32`, the layer's activations of the content picture.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; here divided by the target's own mean square, so that one
        weight serves every training of a backbone.
    """
    from keras import ops

    return _single("content", layer, _CONTENT, (target, ops.mean(ops.square(target)) + 1e-8))


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
        return _single("style", layer, _STYLE, (target, size))
    share = ops.maximum(ops.mean(mask), 1e-6)
    return _single("style", layer, _MASKED_STYLE, (mask, target, size, share))


def gram_matrix(features: Any) -> Any:
    """Measures which channels fire together, wherever they fire.

    Dividing by H*W*C lets one set of layer weights serve every picture size.

    Args:
        features: `(1, H, W, C) float32`, one layer's activations.

    Returns:
        `(C, C) float32`, symmetric, positive semi-definite.

    Reference:
        Gatys et al. 2015, arXiv:1508.06576; divided as in Johnson et al. 2016, arXiv:1603.08155.
    """
    return _products(features, ()) / (places(features) * features.shape[-1])


def _single(name: str, layer: str, kind: Kind, targets: tuple = ()) -> Objective:
    return Objective((Term(1.0, name, layer, kind, targets),))


def _steps(pixels, targets):
    from keras import ops

    down = ops.sum(ops.square(pixels[:, 1:] - pixels[:, :-1]))
    right = ops.sum(ops.square(pixels[:, :, 1:] - pixels[:, :, :-1]))
    return down + right


def _mean(total, places, channels, targets):
    return total / (places * channels)


def _squared_differences(features, targets):
    from keras import ops

    return ops.sum(ops.square(features - targets[0]))


def _relative(total, places, channels, targets):
    return total / (places * channels * targets[1])


def _products(features, targets):
    from keras import ops

    @ops.custom_gradient
    def products(flat):
        # The backends' own gradient multiplies twice and transposes every place: three times the cost.
        def gradient(*upstreams, upstream=None):
            slope = upstreams[0] if upstream is None else upstream
            return ops.matmul(flat, slope + ops.transpose(slope))

        return ops.matmul(ops.transpose(flat), flat), gradient

    return products(ops.reshape(features, (-1, features.shape[-1])))


def _masked_products(features, targets):
    from keras import ops

    return _products(features * ops.sqrt(targets[0]), ())


def _gram_distance(products, places, channels, targets):
    from keras import ops

    return ops.sum(ops.square(products / (places * channels) - targets[-2])) / targets[-1]


def _masked_gram_distance(products, places, channels, targets):
    return _gram_distance(products, places * targets[3], channels, targets[:3])


_CONTENT = Kind(_squared_differences, _relative, maps=1)
_STYLE = Kind(_products, _gram_distance)
_MASKED_STYLE = Kind(_masked_products, _masked_gram_distance, maps=1)
_VARIATION = Kind(_steps, _mean)
