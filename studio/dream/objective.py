"""The objective of a dream: layers and channels, a guide, and penalties on the image."""

from __future__ import annotations

import numpy as np

from studio.core.imaging import image_io
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import ANY_SIZE, compute_activations
from studio.core.objectives.terms import Objective, channel, color, guide, layer, total_variation
from studio.dream.settings import DreamSettings

MAX_GUIDE_POSITIONS = 24  # along the longer side of the guide's features; more are slow without effect


def build_objective(
    settings: DreamSettings,
    backbone: Backbone,
    images_01: np.ndarray,
    guide_image: np.ndarray | None = None,
) -> Objective:
    """Builds the objective of a dream.

    Several terms are scaled by the activations of their layers on this image, so that weights mean the same
    for layers with large and small activations.

    Args:
        images_01: the image at the first octave, `(1, H, W, 3) float32 in [0, 1]`.
        guide_image: the guide image, `(H, W, 3) uint8` of any size, or None.
    """
    target = settings.target
    scales = _measure_activations(backbone, target.layers, images_01) if len(target.terms) > 1 else {}
    objective = Objective()
    for term in target.terms:
        if guide_image is not None:
            term_objective, power = guide(term.layer, _extract_guide(backbone, term.layer, guide_image)), 1
        elif term.channel is not None:
            term_objective, power = channel(term.layer, term.channel), 1
        else:
            term_objective, power = layer(term.layer), 2
        objective += term.weight / scales.get(term.layer, 1.0) ** power * term_objective
    if settings.total_variation:
        objective -= settings.total_variation * total_variation()
    if settings.color_penalty:
        objective -= settings.color_penalty * color(images_01.mean(axis=(0, 1, 2)))
    return objective


def _measure_activations(
    backbone: Backbone, layers: tuple[str, ...], images_01: np.ndarray
) -> dict[str, float]:
    """Returns the root mean square activation of every layer for an image."""
    ((_, features),) = compute_activations(backbone, layers, images_01, max_side=ANY_SIZE)
    return {name: float(np.sqrt(np.mean(np.square(values))) + 1e-6) for name, values in features.items()}


def _extract_guide(backbone: Backbone, name: str, image: np.ndarray) -> np.ndarray:
    longest = max(MAX_GUIDE_POSITIONS * backbone.spec.strides[name], 2 * backbone.spec.min_side)
    small = image_io.to_01(image_io.fit(image, longest))
    ((_, features),) = compute_activations(backbone, (name,), small, max_side=ANY_SIZE)
    return features[name]
