"""Objectives: functions of an image to optimize, which can be added and scaled.

    layer("mixed4") + 0.5 * channel("mixed5", 71) - 0.1 * total_variation()

The caller chooses the direction; a dream maximizes an objective.

Reference:
    The algebra follows the idea of Lucid's objectives (Olah et al. 2017, "Feature Visualization").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from studio.core.objectives import losses
from studio.core.objectives.losses import Loss

IMAGE = "image"  # layer name of the pixels


class Term(NamedTuple):
    """A weighted scalar: `weight * loss(activations of layer, targets)`."""

    weight: float
    layer: str
    loss: Loss
    targets: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms."""

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


def total_variation() -> Objective:
    """Returns the total variation: the mean squared difference of neighboring pixels, 0 for a flat image."""
    return _make_objective(IMAGE, losses.compute_variation)


def layer(name: str) -> Objective:
    """Returns the mean square of a layer's activations, the default objective of a dream.

    Reference:
        Mordvintsev et al. 2015, "Inceptionism".
    """
    return _make_objective(name, losses.compute_mean_square)


def channel(name: str, index: int) -> Objective:
    """Returns the mean activation of a channel over all positions.

    Args:
        name: name of the layer.
        index: index of the channel, from 0.

    Reference:
        Olah et al. 2017, "Feature Visualization".
    """
    return _make_objective(name, losses.compute_channel_mean, index)


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
    return _make_objective(name, losses.compute_best_matches, target)


def color(target: Any) -> Objective:
    """Returns the mean squared difference of the mean color of an image from a target color.

    Args:
        target: RGB color, `(3,) float32 in [0, 1]`.
    """
    return _make_objective(IMAGE, losses.compute_color_distance, target)


def _make_objective(layer: str, loss: Loss, *targets: Any) -> Objective:
    return Objective((Term(1.0, layer, loss, targets),))
