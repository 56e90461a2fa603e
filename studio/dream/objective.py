"""The objective of a dream: layers and channels, a guide, and penalties on the image."""

from __future__ import annotations

import numpy as np

from studio.core.imaging import image_io
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import ANY_SIZE, compute_activations
from studio.core.objectives.terms import Objective, channel, color, guide, layer, total_variation
from studio.dream.settings import DreamSettings

GUIDE_PLACES = 24  # positions along the longer side of the guide's features; more are slow without effect


def objective(
    settings: DreamSettings,
    backbone: Backbone,
    images_01: np.ndarray,
    guided_by: np.ndarray | None = None,
) -> Objective:
    """Builds the objective of a dream.

    Several terms are scaled by the activations of their layers on this image, so that weights mean the same
    for layers with large and small activations.

    Args:
        images_01: the image at the first octave, `(1, H, W, 3) float32 in [0, 1]`.
        guided_by: the guide image, `(H, W, 3) uint8` of any size, or None.
    """
    target = settings.target
    scales = _loudness(backbone, target.layers, images_01) if len(target.terms) > 1 else {}
    goal = Objective()
    for term in target.terms:
        if guided_by is not None:
            single, power = guide(term.layer, _guide(backbone, term.layer, guided_by)), 1
        elif term.channel is not None:
            single, power = channel(term.layer, term.channel), 1
        else:
            single, power = layer(term.layer), 2
        goal += term.weight / scales.get(term.layer, 1.0) ** power * single
    if settings.smoothness:
        goal -= settings.smoothness * total_variation()
    if settings.hold_colors:
        goal -= settings.hold_colors * color(images_01.mean(axis=(0, 1, 2)))
    return goal


def _loudness(backbone: Backbone, layers: tuple[str, ...], images_01: np.ndarray) -> dict[str, float]:
    """Returns the root mean square activation of every layer for an image."""
    ((_, features),) = compute_activations(backbone, layers, images_01, max_side=ANY_SIZE)
    return {name: float(np.sqrt(np.mean(np.square(values))) + 1e-6) for name, values in features.items()}


def _guide(backbone: Backbone, name: str, image: np.ndarray) -> np.ndarray:
    longest = max(GUIDE_PLACES * backbone.spec.strides[name], 2 * backbone.spec.least)
    small = image_io.to_01(image_io.fit(image, longest))
    ((_, features),) = compute_activations(backbone, (name,), small, max_side=ANY_SIZE)
    return features[name]
